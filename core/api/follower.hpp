// Sends what a text file holds to a client and, if asked, goes on as it grows: until the client
// leaves or `ended` says that nothing more can come. The client's pace is the reader's: the next
// piece is read when the former one is on its way.
//
// Whoever writes the file may be faster than this, and for ever. So what there was at the request
// is an end of its own, and the loop is given back after every turn, even if there is more to read.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/handles.hpp"
#include "exchange.hpp"
#include "line_file.hpp"
#include "tail.hpp"

namespace bulkhead::api {

class Follower : public std::enable_shared_from_this<Follower> {
 public:
  struct Source {
    std::string path;
    bool rotated = false;
    std::function<std::string(const std::string& line)>
        render;  // what is sent for a line; "" for nothing
    std::function<std::string(std::string rest)>
        render_rest;         // for a last line without its end; may be empty
    size_t tail = SIZE_MAX;  // only the last lines that render to something
    // Of a line of the file, which may be a piece of a line of the text; empty: it is all of one.
    std::function<LinePiece(const std::string& line)> piece;
    bool follow = false;
    std::function<bool()> ended;  // asked when there is nothing to read: will there be more?
  };
  static void start(loop::Loop& loop, const ExchangePtr& exchange, const std::string& content_type,
                    Source source);

 private:
  Follower(loop::Loop& loop, ExchangePtr exchange, Source source);
  void take_turn();
  void collect(const std::vector<std::string>& lines);
  void send(const std::vector<std::string>& lines);
  void reached_end();
  void finish();
  void fail(const Error& error);

  ExchangePtr exchange_;
  Source source_;
  LineFile file_;
  std::optional<Tail> tail_;  // while what there was at the request is read for its last lines
  loop::Timer timer_;
  bool was_ended_ = false;
  bool done_ = false;
};

}  // namespace bulkhead::api
