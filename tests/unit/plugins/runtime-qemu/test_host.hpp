// A bh_host for tests: keeps what the plugin says and lets the test wait for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/plugin.hpp"
#include "bulkhead/stream_frame.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::qemu::test {

class TestHost {
 public:
  TestHost();

  plugin::Host host() const { return plugin::Host(&host_); }

  // Submits and returns the operation.
  bh_op submit(plugin::Plugin& plugin, const std::string& method, Json body, UniqueFd fd = {});
  bh_op submit(plugin::Plugin& plugin, const std::string& method, Json body,
               std::vector<UniqueFd> fds);
  // Waits for its end; an answer that never comes is a failure of the test with a sentence.
  Result<Json> wait(bh_op op);
  Result<Json> call(plugin::Plugin& plugin, const std::string& method, Json body, UniqueFd fd = {});
  bool completed(bh_op op);
  // The descriptors that came with its result.
  std::vector<UniqueFd> take_fds(bh_op op);

  // The n-th event of this type, once it has come; nothing after a generous while.
  std::optional<Json> event(const std::string& type, size_t nth = 0);
  std::vector<std::string> event_types();
  std::string log();

 private:
  static void on_log(const bh_host* host, int32_t level, bh_op op, bh_bytes text);
  static void on_emit(const bh_host* host, const char* type, bh_bytes event);
  static void on_complete(const bh_host* host, bh_op op, bh_bytes result, const bh_error* error,
                          const int* fds, uint32_t nfds);

  bh_host host_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<bh_op, Result<Json>> results_;
  std::map<bh_op, std::vector<UniqueFd>> result_fds_;
  std::vector<std::pair<std::string, Json>> events_;
  std::string log_;
  bh_op next_op_ = 1;
};

// A client at the other end of an attach connection, with blocking calls.
class AttachClient {
 public:
  AttachClient();

  UniqueFd take_far_end() { return std::move(far_end_); }
  void send(StreamType type, std::string_view body);
  void send_stdin(std::string_view bytes) { send(StreamType::kStdin, bytes); }
  void end_stdin() { send(StreamType::kStdin, ""); }
  // The next frame; nothing at the end of the stream or after a generous while.
  std::optional<StreamFrame> next();
  // Reads to the end: what came of each kind.
  struct All {
    std::string out, err;
    std::vector<Json> control;
  };
  All read_all();
  void close() { near_end_.reset(); }
  int fd() const { return near_end_.get(); }

 private:
  UniqueFd near_end_, far_end_;
  StreamFrameDecoder decoder_;
};

}  // namespace bulkhead::qemu::test
