// The plugin: registry/1 on a thread of its own.
//
// The host's loop thread hands requests over (a queue and an Async) and never waits; connections,
// transfers and timers run on the one thread made by start() and joined by stop(). What blocks, the
// keyring and credential helpers, runs on libuv's workers. registries.toml is read anew for each
// request, so a change needs no restart.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "bulkhead/plugin.hpp"
#include "core/loop/handles.hpp"
#include "credentials.hpp"
#include "errand.hpp"
#include "registry_call.hpp"

namespace bulkhead::registry {

class RegistryPlugin final : public plugin::Plugin {
 public:
  explicit RegistryPlugin(plugin::Host host) : host_(host) {}
  ~RegistryPlugin() override;

  Status start(const Json& config) override;
  bool submit(plugin::Request& request, plugin::Reply& reply) override;
  void cancel(bh_op op) override;
  void stop() override;

 private:
  struct Order {
    plugin::Request request;
    plugin::Reply reply;
  };
  struct Open {
    std::unique_ptr<Errand> errand;
    std::shared_ptr<plugin::Reply> reply;
  };
  using ReplyPtr = std::shared_ptr<plugin::Reply>;

  void run();
  void take_orders();
  void carry_out(Order order);
  Status begin(plugin::Request& request, const ReplyPtr& reply);
  Status resolve(const Json& body, const ReplyPtr& reply);
  Status fetch(plugin::Request& request, const ReplyPtr& reply);
  Status upload(plugin::Request& request, const ReplyPtr& reply);
  Status login(const Json& body, const ReplyPtr& reply);
  Status logout(const Json& body, const ReplyPtr& reply);
  Status list(const ReplyPtr& reply);
  void keep(const std::string& server, Credential credential, const ReplyPtr& reply);
  Told told(const ReplyPtr& reply);
  void hold(const ReplyPtr& reply, std::unique_ptr<Errand> errand);
  // Runs `blocking` on a worker and answers with what it returns; `after` runs on the thread first.
  void answer_later(const ReplyPtr& reply, std::function<Result<Json>()> blocking,
                    std::function<void()> after = {});

  plugin::Host host_;
  std::string settings_file_;
  std::string user_agent_;
  std::shared_ptr<Credentials> credentials_;

  std::mutex mutex_;  // guards what the two threads share: the next three
  std::deque<Order> orders_;
  std::vector<bh_op> cancelled_;
  bool stopping_ = false;

  // Made before the thread and destroyed by it or after it; in between only the thread touches
  // them.
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<loop::Async> wake_;
  std::unique_ptr<Connections> connections_;
  std::map<bh_op, Open> open_;
  std::thread thread_;
};

std::unique_ptr<plugin::Plugin> make_registry_plugin(plugin::Host host);

}  // namespace bulkhead::registry
