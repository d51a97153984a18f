// The host of a plugin, as far as a test needs one: it asks, and keeps the one answer.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "network_plugin.hpp"

namespace bulkhead::net::test {

struct Answer {
  Result<Json> result = Json();
  std::vector<UniqueFd> fds;
};

class Host {
 public:
  Host() {
    host_.size = sizeof host_;
    host_.major = BH_PLUGIN_MAJOR;
    host_.ctx = this;
    host_.get_extension = [](const bh_host*, const char*) -> const void* { return nullptr; };
    host_.log = [](const bh_host*, int32_t, bh_op, bh_bytes) {};
    host_.progress = [](const bh_host*, bh_op, bh_bytes) {};
    host_.emit = [](const bh_host*, const char*, bh_bytes) {};
    host_.complete = [](const bh_host* host, bh_op, bh_bytes result, const bh_error* error,
                        const int* fds, uint32_t count) {
      Host* self = static_cast<Host*>(host->ctx);
      const auto text = [](bh_bytes bytes) {
        return std::string(reinterpret_cast<const char*>(bytes.data), bytes.len);
      };
      const std::lock_guard lock(self->mutex_);
      self->answer_.emplace();
      if (error != nullptr) {
        self->answer_->result = fail(static_cast<Code>(error->code), text(error->message));
      } else {
        self->answer_->result = Json::parse(text(result));
      }
      for (uint32_t i = 0; i < count; i++)
        self->answer_->fds.emplace_back(::fcntl(fds[i], F_DUPFD_CLOEXEC, 0));
      self->changed_.notify_all();
    };
  }
  plugin::Host host() const { return plugin::Host(&host_); }

  Answer call(plugin::Plugin& plugin, const std::string& method, Json body, UniqueFd fd = {}) {
    plugin::Request request{method, std::move(body), {}};
    if (fd) request.fds.push_back(std::move(fd));
    plugin::Reply reply(&host_, 1);
    EXPECT_TRUE(plugin.submit(request, reply));
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answer_.has_value(); });
    Answer answer = std::move(*answer_);
    answer_.reset();
    return answer;
  }

 private:
  bh_host host_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Answer> answer_;
};

}  // namespace bulkhead::net::test
