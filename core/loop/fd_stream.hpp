// A connected stream of bytes with descriptors: what uv_pipe is, but one that receives descriptors
// of any kind, knows how much it has queued, and can be given away. Built on Poll and
// recvmsg/sendmsg because uv_pipe accepts only the descriptor types that it knows itself.
//
// Descriptors travel with the first byte of the write they were given to. Reading is paused by its
// owner when he can't take more; the kernel's buffer then slows the peer down. Writing never
// blocks: what the kernel doesn't take is queued, and queued() is the owner's measure of a slow
// peer. While reading is paused and nothing is queued, the peer's end isn't noticed.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "handles.hpp"

namespace bulkhead::loop {

class FdStream {
 public:
  struct Callbacks {
    std::function<void(std::string_view bytes, std::vector<UniqueFd>& fds)> read;
    // End of stream (ok) or an error; once, and nothing after it.
    std::function<void(const Status&)> closed;
    // queued() has fallen to 0; may be empty.
    std::function<void()> drained;
    // The peer has ended its direction and may still read. Without this callback that is the end of
    // the stream: what is queued is lost.
    std::function<void()> finished = {};
  };
  // Makes the descriptor non-blocking. Reading starts with resume().
  FdStream(Loop& loop, UniqueFd fd);
  ~FdStream();
  FdStream(const FdStream&) = delete;
  FdStream& operator=(const FdStream&) = delete;

  void set_callbacks(Callbacks callbacks) { callbacks_ = std::move(callbacks); }
  void resume();
  void pause();
  void write(std::string bytes, std::vector<UniqueFd> fds = {});
  size_t queued() const { return queued_; }
  void end_writing();  // after what is queued; the peer reads end of stream
  // Gives the descriptor away, blocking again; what is queued is lost, so drain first. The stream
  // is dead afterwards.
  UniqueFd release();
  int fd() const { return fd_.get(); }
  bool open() const { return static_cast<bool>(fd_); }

 private:
  struct Chunk {
    std::string bytes;
    size_t offset = 0;
    std::vector<UniqueFd> fds;
  };
  enum class Read { kMore, kNothing, kGone };

  void ready(int events);
  void read_some();
  Read read_once();
  Read ended_by_peer();
  void flush();
  bool send_front();
  void fail_with(const Status& status);
  void update_watch();

  UniqueFd fd_;
  Callbacks callbacks_;
  std::deque<Chunk> queue_;
  size_t queued_ = 0;
  bool reading_ = false;
  bool finished_ = false;  // the peer will send no more
  bool ending_ = false;
  Status health_;  // a write failed; told from the loop, never from within write()
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // rule 3: set to false by the destructor
  std::unique_ptr<Poll> poll_;       // last: closed before the descriptor
};

}  // namespace bulkhead::loop
