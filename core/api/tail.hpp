// The last lines of a text that comes in pieces.
//
// A piece belongs to the open line of its stream and may end it; the pieces of several streams
// interleave, and all keep their order. A last line that nothing has ended yet is a line too.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bulkhead::api {

// Which line a piece of text belongs to: the open one of its stream, which it may end.
struct LinePiece {
  int stream = 0;
  bool ends = true;
};

class Tail {
 public:
  explicit Tail(size_t lines) : limit_(lines) {}
  void add(LinePiece piece, std::string text);
  std::vector<std::string> take();

 private:
  struct Line {
    bool dropped = false;
  };
  using LinePtr = std::shared_ptr<Line>;
  struct Piece {
    LinePtr line;
    std::string text;
  };
  void drop_oldest();

  size_t limit_;
  std::map<int, LinePtr> open_;  // by stream
  std::deque<LinePtr> ended_;    // in the order in which they ended
  std::deque<Piece> pieces_;
};

}  // namespace bulkhead::api
