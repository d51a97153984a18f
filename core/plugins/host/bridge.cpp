#include "bridge.hpp"

#include <fcntl.h>

#include <chrono>

#include "bulkhead/fd_message.hpp"
#include "bulkhead/frame.hpp"

namespace bulkhead::plugins {
namespace {

// A plugin that holds the loop's thread keeps everybody waiting who asks it something.
constexpr std::chrono::milliseconds kLongCall{10};

// What fits into a frame beside the number and the type.
constexpr size_t kLargestPayload = kLargestFrameBody - 1024;

// More than anybody reads: what a plugin says faster than the loop can take it is dropped.
constexpr size_t kMostNotices = 1000;

std::string_view view_of(bh_bytes bytes) {
  return bytes.data == nullptr
             ? std::string_view()
             : std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.len);
}

bh_bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Error error_of(const bh_error& raw, std::string_view otherwise) {
  Error error;
  error.code = raw.code == BH_OK ? Code::kInternal : static_cast<Code>(raw.code);
  error.message = view_of(raw.message);
  error.hint = view_of(raw.detail);
  if (error.message.empty()) error.message = otherwise;
  return error;
}

}  // namespace

// The functions behind bh_host; ctx is the bridge.
struct Bridge::Host {
  static Bridge& self(const bh_host* host) { return *static_cast<Bridge*>(host->ctx); }

  static const void* get_extension(const bh_host*, const char*) { return nullptr; }

  static void log(const bh_host* host, int32_t level, bh_op op, bh_bytes text) {
    self(host).notice({true, level, op, std::string(view_of(text))});
  }

  static void progress(const bh_host* host, bh_op op, bh_bytes note) {
    self(host).notice({false, 0, op, std::string(view_of(note))});
  }

  static void emit(const bh_host* host, const char* type, bh_bytes event) {
    if (event.len > kLargestPayload) {
      return self(host).notice({true, BH_LOG_ERROR, 0, std::string(type) + ": too large an event"});
    }
    self(host).outbox_.add_event(type, view_of(event));
    self(host).wake_();
  }

  static void complete(const bh_host* host, bh_op op, bh_bytes result, const bh_error* error,
                       const int* fds, uint32_t nfds) {
    if (error == nullptr) return self(host).complete(op, view_of(result), nullptr, fds, nfds);
    const Error failure = error_of(*error, "the plugin gave no reason");
    self(host).complete(op, {}, &failure, nullptr, 0);
  }
};

Bridge::Bridge(const bh_entry& entry, Outbox& outbox, std::function<void()> wake)
    : entry_(entry), outbox_(outbox), wake_(std::move(wake)) {
  host_.size = sizeof host_;
  host_.major = BH_PLUGIN_MAJOR;
  host_.minor = BH_PLUGIN_MINOR;
  host_.ctx = this;
  host_.get_extension = Host::get_extension;
  host_.log = Host::log;
  host_.progress = Host::progress;
  host_.emit = Host::emit;
  host_.complete = Host::complete;
}

Bridge::~Bridge() {
  stop();
}

Status Bridge::create() {
  bh_error error = {};
  error.size = sizeof error;
  plugin_ = entry_.create(&host_, &error);
  if (plugin_ == nullptr) return fail(error_of(error, "the plugin could not be created"));
  if (!BH_HAS(plugin_, get_extension)) {
    return fail(Code::kInvalid, "the plugin is not valid: its functions are incomplete");
  }
  state_ = State::kCreated;
  return {};
}

Status Bridge::start(std::string_view config) {
  if (state_ != State::kCreated) return fail(Code::kConflict, "the plugin was started before");
  state_ = State::kFailed;
  bh_error error = {};
  error.size = sizeof error;
  if (plugin_->start(plugin_, bytes_of(config), &error) != 0) {
    return fail(error_of(error, "the plugin could not be started"));
  }
  state_ = State::kStarted;
  return {};
}

void Bridge::submit(uint64_t op, const std::string& method, std::string_view request,
                    const std::vector<UniqueFd>& fds) {
  {
    const std::lock_guard lock(mutex_);
    if (!open_.insert(op).second) return;  // it has this operation, and will answer it
  }
  if (state_ != State::kStarted) {
    return answer(op, {Code::kConflict, method + ": the plugin is not running", {}});
  }
  std::vector<int> raw;
  raw.reserve(fds.size());
  for (const UniqueFd& fd : fds) raw.push_back(fd.get());

  const auto begin = std::chrono::steady_clock::now();
  const int32_t accepted = plugin_->submit(plugin_, op, method.c_str(), bytes_of(request),
                                           raw.data(), static_cast<uint32_t>(raw.size()));
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  if (elapsed > kLongCall) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    notice({true, BH_LOG_WARNING, op,
            method + " held the plugin's thread for " + std::to_string(ms) + " ms"});
  }
  if (accepted == 0) return;
  answer(op, {Code::kUnsupported,
              "the plugin " + std::string(entry_.id) + " does not know the method " + method,
              {}});
}

void Bridge::cancel(uint64_t op) {
  if (state_ == State::kStarted) plugin_->cancel(plugin_, op);
}

void Bridge::stop() {
  if (plugin_ == nullptr) return;
  if (state_ == State::kStarted) plugin_->stop(plugin_);
  state_ = State::kStopped;
  std::set<uint64_t> open;
  {
    const std::lock_guard lock(mutex_);
    open = open_;
  }
  for (const uint64_t op : open) answer(op, {Code::kUnavailable, "the plugin was stopped", {}});
  // What it calls from here on is against the rules; nothing is open any more, so it has no effect.
  entry_.destroy(plugin_);
  plugin_ = nullptr;
}

std::vector<Bridge::Notice> Bridge::take_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

void Bridge::complete(uint64_t op, std::string_view result, const Error* error, const int* fds,
                      uint32_t nfds) {
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    known = open_.erase(op) == 1;
  }
  if (!known) {
    return notice({true, BH_LOG_ERROR, op, "the plugin completed an operation that is not open"});
  }
  const Error too_large{Code::kInternal, "the plugin's answer is too large", {}};
  if (result.size() > kLargestPayload || nfds > kMaxFdsPerMessage) {
    error = &too_large;
    nfds = 0;
  }
  std::vector<UniqueFd> kept;
  for (uint32_t i = 0; i < nfds; i++) kept.emplace_back(::fcntl(fds[i], F_DUPFD_CLOEXEC, 0));
  outbox_.add_completion(op, result.empty() ? "{}" : result, error, std::move(kept));
  wake_();
}

void Bridge::answer(uint64_t op, const Error& error) {
  complete(op, {}, &error, nullptr, 0);
}

void Bridge::notice(Notice notice) {
  {
    const std::lock_guard lock(mutex_);
    if (notices_.size() >= kMostNotices) return;
    notices_.push_back(std::move(notice));
  }
  wake_();
}

}  // namespace bulkhead::plugins
