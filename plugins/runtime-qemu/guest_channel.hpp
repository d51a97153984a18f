// The control connection to the guest: HTTP/2 over the agent's descriptor, with deadlines.
//
// Two kinds of requests. Unary ones carry JSON both ways, are bounded in size and in time, and
// always get an answer: the guest's, or why there is none. Streams (processes, tunnels) are opened
// with an H2Exchange and live as long as what they carry.
//
// The connection is lost once: when the guest closes it or breaks its protocol. That is always told
// from the loop's own turn and never from inside a call, so that callers needn't expect their
// objects to vanish under them.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "core/loop/fd_stream.hpp"
#include "h2_client.hpp"

namespace bulkhead::qemu {

class GuestChannel {
 public:
  using Answer = std::function<void(Result<Json>)>;

  struct Callbacks {
    std::function<void()> first_word;        // the guest's init has opened its end
    std::function<void(const Error&)> lost;  // after every exchange and answer has heard it
  };

  GuestChannel(loop::Loop& loop, UniqueFd fd, Callbacks callbacks);
  ~GuestChannel();

  // `body` null: a GET. If the connection is lost already, the answer comes before the return.
  void request(std::string_view path, const Json* body, std::chrono::milliseconds deadline,
               Answer answer);

  Result<int32_t> open(std::string_view path, H2Exchange& exchange,
                       std::string_view method = "POST");
  void resume(int32_t stream);
  void consume(int32_t stream, size_t bytes);
  void abandon(int32_t stream);

 private:
  class Unary;

  void on_bytes(std::string_view bytes);
  void flush();
  void lose(Error why);

  loop::Loop& loop_;
  Callbacks callbacks_;
  H2Client h2_;
  std::map<const Unary*, std::unique_ptr<Unary>> unaries_;
  bool heard_ = false;
  bool busy_ = false;            // inside h2_: what it has to say is sent on the way out
  std::optional<Error> broken_;  // why, from the moment it is known
  loop::Timer lost_timer_;
  loop::FdStream stream_;  // last: no callback once anything else is gone
};

}  // namespace bulkhead::qemu
