#include "guest/init/port.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "guest/core/errors.hpp"
#include "guest/init/console.hpp"
#include "guest/init/files.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kPorts = "/sys/class/virtio-ports";
constexpr size_t kPiece = 16 * 1024;

std::string find_port(std::string_view name) {
  std::string found;
  DIR* directory = opendir(kPorts);
  if (directory == nullptr) return found;
  while (const dirent* entry = readdir(directory)) {
    std::string file = std::string(kPorts) + "/" + entry->d_name + "/name";
    if (entry->d_name[0] != '.' && read_kernel_file(file.c_str()) == std::string(name) + "\n")
      found = std::string("/dev/") + entry->d_name;
  }
  closedir(directory);
  return found;
}

}  // namespace

// The host tells the driver about its ports in messages of their own, so the port may come a moment
// after PID 1.
Result<UniqueFd> open_virtio_port(std::string_view name) {
  constexpr timespec kMoment{0, 1'000'000};
  constexpr int kAttempts = 10'000;
  std::string path;
  for (int attempt = 0; path.empty(); attempt++) {
    if (attempt == kAttempts)
      return fail(Code::kNotFound, "the VM has no port named " + std::string(name));
    path = find_port(name);
    if (path.empty()) nanosleep(&kMoment, nullptr);
  }
  UniqueFd fd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_now("open the port " + path);
  return fd;
}

Port::Port(Loop& loop, Router& router, UniqueFd fd)
    : loop_(loop), router_(router), fd_(std::move(fd)) {}

Port::~Port() {
  end_session();
  loop_.forget(fd_.get());
}

// Edge-triggered, because a port without a host hangs up for as long as there is none.
Status Port::watch() {
  return loop_.watch(fd_.get(), EPOLLIN | EPOLLOUT | EPOLLET, [this](uint32_t) { readable(); });
}

void Port::readable() {
  char piece[kPiece];
  while (true) {
    ssize_t got = read(fd_.get(), piece, sizeof piece);
    if (got > 0) {
      take({piece, static_cast<size_t>(got)});
      flush();
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || errno != EAGAIN) end_session();
    return;
  }
}

void Port::take(std::string_view bytes) {
  while (!bytes.empty()) {
    if (preface_.is_searching()) {
      bytes.remove_prefix(preface_.search(bytes));
      if (preface_.is_searching()) return;
      begin_session();
      feed(PrefaceWatch::kPreface);
    }
    size_t own = preface_.follow(bytes);
    feed(bytes.substr(0, own));
    bytes.remove_prefix(own);
  }
}

void Port::begin_session() {
  drop_session();
  server_ = std::make_unique<Http2Server>(router_);
  router_.serve(server_.get());
}

void Port::feed(std::string_view bytes) {
  if (!server_ || bytes.empty()) return;
  if (auto status = server_->feed(bytes); !status) {
    say(status.error().message);
    end_session();
  }
}

void Port::drop_session() {
  server_.reset();
  router_.serve(nullptr);
  begin_ = end_ = 0;
  nothing_more_ = true;
}

void Port::end_session() {
  drop_session();
  preface_ = PrefaceWatch();
}

void Port::flush() {
  while (server_) {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = server_->take_output(buffer_);
      nothing_more_ = end_ == 0;
      if (nothing_more_) break;
    }
    ssize_t put = write(fd_.get(), buffer_.data() + begin_, end_ - begin_);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) return end_session();
    begin_ += static_cast<size_t>(put);
  }
  if (server_ && server_->over()) end_session();
}

}  // namespace bulkhead::guest
