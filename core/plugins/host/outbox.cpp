#include "outbox.hpp"

#include <fcntl.h>

#include "bulkhead/frame.hpp"
#include "core/plugins/messages.hpp"

namespace bulkhead::plugins {

void Outbox::add_completion(uint64_t op, std::string_view result, const Error* error,
                            std::vector<UniqueFd> fds) {
  const std::lock_guard lock(mutex_);
  const uint64_t report = ++last_;
  std::string body = encode_complete(report, result, error);
  kept_[report] = {encode_frame(FrameKind::kComplete, op, body, fds.size()), std::move(fds)};
}

void Outbox::add_event(std::string_view type, std::string_view event) {
  const std::lock_guard lock(mutex_);
  const uint64_t report = ++last_;
  kept_[report] = {encode_frame(FrameKind::kEmit, 0, encode_emit(report, type, event)), {}};
}

void Outbox::ack(uint64_t report) {
  const std::lock_guard lock(mutex_);
  kept_.erase(report);
}

void Outbox::rewind() {
  const std::lock_guard lock(mutex_);
  sent_ = 0;
}

std::vector<Outbox::Message> Outbox::take_unsent() {
  const std::lock_guard lock(mutex_);
  std::vector<Message> messages;
  for (auto kept = kept_.upper_bound(sent_); kept != kept_.end(); ++kept) {
    Message copy{kept->second.frame, {}};
    for (const UniqueFd& fd : kept->second.fds) {
      copy.fds.emplace_back(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    }
    messages.push_back(std::move(copy));
  }
  sent_ = last_;
  return messages;
}

bool Outbox::empty() const {
  const std::lock_guard lock(mutex_);
  return kept_.empty();
}

}  // namespace bulkhead::plugins
