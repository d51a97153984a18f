#include "share_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "bulkhead/pidfd.hpp"
#include "bulkhead/unix_socket.hpp"

namespace bulkhead::qemu {
namespace {

// A program that has started answers in milliseconds; a loaded machine may take its time.
constexpr int kPatienceMs = 10'000;
constexpr int kReapMs = 1'000;
constexpr size_t kLongestComplaint = 400;

// vhost-user: a header of three numbers, then so many bytes as the third says.
struct Header {
  uint32_t request, flags, size;
};
constexpr uint32_t kGetFeatures = 1;
constexpr uint32_t kVersion = 1;

// Whether so many bytes came in time.
bool read_all(int fd, void* into, size_t size) {
  auto* at = static_cast<char*>(into);
  while (size > 0) {
    pollfd readable = {fd, POLLIN, 0};
    if (::poll(&readable, 1, kPatienceMs) <= 0) return false;
    const ssize_t n = ::read(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

// The last line that was written to a socket, fit to be shown.
std::string last_line(int from) {
  std::string text;
  std::array<char, 4096> buffer;
  pollfd readable = {from, POLLIN, 0};
  // What has ended has closed it; what has not isn't waited for.
  while (text.size() < (64 << 10) && ::poll(&readable, 1, 200) > 0) {
    const ssize_t n = ::read(from, buffer.data(), buffer.size());
    if (n <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(n));
  }
  while (text.ends_with('\n')) text.pop_back();
  text = text.substr(text.rfind('\n') + 1, kLongestComplaint);
  for (char& c : text) c = c >= ' ' && c < 0x7f ? c : '?';
  return text;
}

}  // namespace

Result<std::unique_ptr<ShareServer>> ShareServer::start(
    loop::Loop& loop, const std::string& virtiofsd, const Share& share, User user,
    const std::string& socket, std::function<void(const std::string& how)> gone) {
  auto listener = listen_unix(socket);
  if (!listener) return fail(std::move(listener.error()));
  auto connection = connect_unix(socket);
  ::unlink(socket.c_str());
  if (!connection) return fail(std::move(connection.error()));
  auto complaints = socket_pair();
  if (!complaints) return fail(std::move(complaints.error()));

  Program program = virtiofsd_program(virtiofsd, share, user);
  program.fds = {{STDERR_FILENO, complaints->second.get()}, {kShareListenerFd, listener->get()}};
  auto child = spawn(program);
  if (!child) return fail(std::move(child.error()));
  complaints->second.reset();
  listener->reset();
  std::unique_ptr<ShareServer> self(new ShareServer(std::move(*child), std::move(*connection)));
  auto greeted = self->greet(complaints->first.get());
  self->watch_ = std::make_unique<loop::ChildWatch>(
      loop, UniqueFd(::fcntl(self->child_.pidfd.get(), F_DUPFD_CLOEXEC, 0)),
      [gone = std::move(gone)](const loop::ChildEnd& end) { gone(end.text()); });
  if (!greeted) return fail(std::move(greeted.error()).context("serve " + share.path));
  self->drain(loop, std::move(complaints->first));
  return self;
}

void ShareServer::drain(loop::Loop& loop, UniqueFd complaints) {
  complaints_ = std::make_unique<loop::FdStream>(loop, std::move(complaints));
  complaints_->set_callbacks({[](std::string_view, std::vector<UniqueFd>&) {}, {}, {}});
  complaints_->resume();
}

Status ShareServer::greet(int complaints) {
  const Header question = {kGetFeatures, kVersion, 0};
  Header answer = {};
  uint64_t features = 0;
  if (::send(connection_.get(), &question, sizeof question, MSG_NOSIGNAL) == sizeof question &&
      read_all(connection_.get(), &answer, sizeof answer) && answer.request == kGetFeatures &&
      answer.size == sizeof features && read_all(connection_.get(), &features, sizeof features)) {
    return {};
  }
  std::string why = "virtiofsd doesn't answer";
  if (const std::string said = last_line(complaints); !said.empty()) why += ": " + said;
  return fail(Code::kUnavailable, std::move(why));
}

// Reaped here as a rule; one that the kernel doesn't let go is init's when this process ends.
ShareServer::~ShareServer() {
  (void)signal_pidfd(child_.pidfd.get(), SIGKILL);
  pollfd ended = {child_.pidfd.get(), POLLIN, 0};
  siginfo_t info = {};
  if (::poll(&ended, 1, kReapMs) > 0)
    ::waitid(P_PIDFD, static_cast<id_t>(child_.pidfd.get()), &info, WEXITED | WNOHANG);
}

}  // namespace bulkhead::qemu
