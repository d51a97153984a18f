// The plugin: network/1 on a thread of its own.
//
// The host's loop thread hands requests over (a queue and an eventfd) and never waits; the switch,
// its gateway and its name service run on the one thread made by start() and joined by stop(). One
// process serves one network: a bug in libslirp ends one network, and the engine starts it again.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "bulkhead/plugin.hpp"
#include "network.hpp"

namespace bulkhead::network {

class NetworkPlugin final : public plugin::Plugin {
 public:
  explicit NetworkPlugin(plugin::Host host) : host_(host) {}
  ~NetworkPlugin() override;

  Status start(const plugin::Json& config) override;
  bool submit(plugin::Request& request, plugin::Reply& reply) override;
  void stop() override;

 private:
  struct Order {
    plugin::Request request;
    plugin::Reply reply;
  };

  void run();
  void take_orders();
  void carry_out(Order& order);
  Result<plugin::Json> create(const plugin::Json& body);
  Result<plugin::Json> attach(plugin::Request& request, std::vector<UniqueFd>& fds);
  Result<plugin::Json> others(const plugin::Request& request);
  void name(const plugin::Json& body);

  plugin::Host host_;
  std::string resolv_conf_ = "/etc/resolv.conf";
  UniqueFd wake_;

  std::mutex mutex_;  // guards what the two threads share: the next two
  std::deque<Order> orders_;
  bool stopping_ = false;

  std::unique_ptr<Network> network_;  // the thread's
  std::thread thread_;
};

}  // namespace bulkhead::network
