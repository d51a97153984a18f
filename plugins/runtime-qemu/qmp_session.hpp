// QEMU's control protocol without I/O: a line of JSON each way; a greeting, capabilities, then
// commands with an id and events in between.
//
// QEMU runs guest-controlled device models, so its bytes are foreign too: a line is at most 64 KiB,
// an answer that belongs to no command is ignored, anything that is not QMP fails feed().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"

namespace bulkhead::qemu {

class QmpSession {
 public:
  using Done = std::function<void(Result<Json>)>;
  using EventHandler = std::function<void(std::string_view name, const Json& data)>;

  explicit QmpSession(EventHandler on_event) : on_event_(std::move(on_event)) {}

  Status feed(std::string_view bytes);
  std::string take_output() { return std::exchange(output_, {}); }
  bool has_output() const { return !output_.empty(); }

  // May be called at once; commands wait for the greeting.
  void execute(std::string_view command, Done done) {
    execute(command, Json::object(), std::move(done));
  }
  void execute(std::string_view command, const Json& arguments, Done done);

  bool greeted() const { return !version_.empty(); }
  const std::string& version() const { return version_; }  // "7.2.22"; empty before the greeting

 private:
  Status take_line(std::string_view line);
  Status take_greeting(const Json& greeting);
  void take_answer(const Json& message);

  EventHandler on_event_;
  std::string version_;
  std::string line_;     // received, unfinished
  std::string output_;   // to be sent
  std::string waiting_;  // commands given before the greeting
  std::map<int64_t, Done> pending_;
  int64_t next_id_ = 1;
};

}  // namespace bulkhead::qemu
