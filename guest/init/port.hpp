// The byte stream to the host: a virtio-serial port under QEMU, any connected stream in a test.
//
// Hosts come and go while the port stays: it says end-of-file as long as no host is connected, and
// with the next host a new HTTP/2 session begins. So does one when a preface arrives in the middle
// of a session (preface_watch.hpp). A session's end takes its streams with it, never the processes.
//
// Frames are gathered into one buffer per write, because each write is one request to the device
// and, under a hypervisor, one exit from the guest.
#pragma once

#include <array>
#include <memory>

#include "bulkhead/unique_fd.hpp"
#include "guest/core/http2_server.hpp"
#include "guest/core/preface_watch.hpp"
#include "guest/core/router.hpp"
#include "guest/init/loop.hpp"

namespace bulkhead::guest {

// Waits for the port of that name to appear and opens it.
Result<UniqueFd> open_virtio_port(std::string_view name);

class Port {
 public:
  Port(Loop& loop, Router& router, UniqueFd fd);
  ~Port();

  Status watch();
  // Sends what there is to send, as far as the port takes it. Once per turn of the loop, after all
  // handlers.
  void flush();
  bool has_sent_all() const { return begin_ == end_ && nothing_more_; }

 private:
  void readable();
  void take(std::string_view bytes);
  void begin_session();
  void feed(std::string_view bytes);
  void drop_session();
  void end_session();

  Loop& loop_;
  Router& router_;
  UniqueFd fd_;
  std::unique_ptr<Http2Server> server_;
  PrefaceWatch preface_;
  std::array<uint8_t, 32 * 1024> buffer_;
  size_t begin_ = 0, end_ = 0;
  bool nothing_more_ = true;
};

}  // namespace bulkhead::guest
