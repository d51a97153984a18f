#include "test_host.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <utility>

namespace bulkhead::qemu::test {
namespace {

// Not a statement about speed: how long a test waits before it says that something will never come.
constexpr std::chrono::seconds kPatience{100};

TestHost* self_of(const bh_host* host) {
  return static_cast<TestHost*>(host->ctx);
}

std::string text_of(bh_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.len};
}

}  // namespace

TestHost::TestHost() {
  host_.size = sizeof host_;
  host_.major = BH_PLUGIN_MAJOR;
  host_.ctx = this;
  host_.get_extension = [](const bh_host*, const char*) -> const void* { return nullptr; };
  host_.log = on_log;
  host_.progress = [](const bh_host*, bh_op, bh_bytes) {};
  host_.emit = on_emit;
  host_.complete = on_complete;
}

void TestHost::on_log(const bh_host* host, int32_t, bh_op, bh_bytes text) {
  TestHost* self = self_of(host);
  const std::lock_guard lock(self->mutex_);
  self->log_ += text_of(text) + "\n";
}

void TestHost::on_emit(const bh_host* host, const char* type, bh_bytes event) {
  TestHost* self = self_of(host);
  const std::lock_guard lock(self->mutex_);
  self->events_.emplace_back(type, Json::parse(text_of(event)));
  self->changed_.notify_all();
}

void TestHost::on_complete(const bh_host* host, bh_op op, bh_bytes result, const bh_error* error,
                           const int* fds, uint32_t nfds) {
  TestHost* self = self_of(host);
  const std::lock_guard lock(self->mutex_);
  for (uint32_t i = 0; i < nfds; ++i) {
    self->result_fds_[op].emplace_back(::fcntl(fds[i], F_DUPFD_CLOEXEC, 0));
  }
  if (error) {
    self->results_.emplace(op, fail(static_cast<Code>(error->code), text_of(error->message)));
  } else {
    self->results_.emplace(op, Json::parse(text_of(result)));
  }
  self->changed_.notify_all();
}

bh_op TestHost::submit(plugin::Plugin& plugin, const std::string& method, Json body, UniqueFd fd) {
  std::vector<UniqueFd> fds;
  if (fd) fds.push_back(std::move(fd));
  return submit(plugin, method, std::move(body), std::move(fds));
}

bh_op TestHost::submit(plugin::Plugin& plugin, const std::string& method, Json body,
                       std::vector<UniqueFd> fds) {
  const bh_op op = next_op_++;
  plugin::Request request{method, std::move(body), std::move(fds)};
  plugin::Reply reply(&host_, op);
  if (!plugin.submit(request, reply)) {
    reply.fail({Code::kUnsupported, "the plugin doesn't know " + method, {}});
  }
  return op;
}

Result<Json> TestHost::wait(bh_op op) {
  std::unique_lock lock(mutex_);
  const bool done = changed_.wait_for(lock, kPatience, [&] { return results_.contains(op); });
  if (!done) return fail(Code::kTimeout, "operation never completed; the plugin's log: " + log_);
  return results_.at(op);
}

Result<Json> TestHost::call(plugin::Plugin& plugin, const std::string& method, Json body,
                            UniqueFd fd) {
  return wait(submit(plugin, method, std::move(body), std::move(fd)));
}

bool TestHost::completed(bh_op op) {
  const std::lock_guard lock(mutex_);
  return results_.contains(op);
}

std::vector<UniqueFd> TestHost::take_fds(bh_op op) {
  const std::lock_guard lock(mutex_);
  return std::exchange(result_fds_[op], {});
}

std::optional<Json> TestHost::event(const std::string& type, size_t nth) {
  std::unique_lock lock(mutex_);
  std::optional<Json> found;
  changed_.wait_for(lock, kPatience, [&] {
    size_t seen = 0;
    for (const auto& [name, data] : events_) {
      if (name == type && seen++ == nth) found = data;
    }
    return found.has_value();
  });
  return found;
}

std::vector<std::string> TestHost::event_types() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, data] : events_) out.push_back(name);
  return out;
}

std::string TestHost::log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

AttachClient::AttachClient() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) abort();
  near_end_.reset(ends[0]);
  far_end_.reset(ends[1]);
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void AttachClient::send(StreamType type, std::string_view body) {
  std::string out;
  append_stream_frames(out, type, body);
  std::string_view rest = out;
  while (!rest.empty()) {
    const ssize_t n = ::send(near_end_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    rest.remove_prefix(static_cast<size_t>(n));
  }
}

std::optional<StreamFrame> AttachClient::next() {
  for (;;) {
    auto frame = decoder_.next();
    if (!frame) return std::nullopt;
    if (*frame) return std::move(**frame);
    char buffer[64 * 1024];
    const ssize_t n = ::recv(near_end_.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return std::nullopt;
    decoder_.feed({buffer, static_cast<size_t>(n)});
  }
}

AttachClient::All AttachClient::read_all() {
  All all;
  while (auto frame = next()) {
    if (frame->type == StreamType::kStdout) all.out += frame->body;
    if (frame->type == StreamType::kStderr) all.err += frame->body;
    if (frame->type == StreamType::kControl) all.control.push_back(Json::parse(frame->body));
  }
  return all;
}

}  // namespace bulkhead::qemu::test
