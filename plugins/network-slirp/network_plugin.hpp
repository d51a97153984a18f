// The plugin: network/1 on a thread of its own, one network per host process.
//
// The host's loop thread hands requests over (a queue and an Async) and never waits; everything
// else in this room runs on the one thread made by start() and joined by stop(). An exception while
// a request is carried out is that request's failure (kInternal) and nobody else's; one while a
// frame is handled costs that frame. The network lives on.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "bulkhead/plugin.hpp"
#include "core/loop/handles.hpp"
#include "network.hpp"

namespace bulkhead::net {

class NetworkPlugin final : public plugin::Plugin {
 public:
  explicit NetworkPlugin(plugin::Host host) : host_(host) {}
  ~NetworkPlugin() override;

  Status start(const Json& config) override;
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
  Status begin(plugin::Request& request, plugin::Reply& reply);
  Status create(const Json& body, plugin::Reply& reply);
  Status attach(plugin::Request& request, plugin::Reply& reply);
  Result<Network*> network() const;

  plugin::Host host_;
  std::string resolv_conf_;
  uint16_t dns_port_ = 53;

  std::mutex mutex_;  // guards what the two threads share: the next two
  std::deque<Order> orders_;
  bool stopping_ = false;

  // Made before the thread and destroyed by it or after it; in between only the thread touches
  // them.
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<loop::Async> wake_;
  std::unique_ptr<Network> network_;
  std::thread thread_;
};

std::unique_ptr<plugin::Plugin> make_network_plugin(plugin::Host host);

}  // namespace bulkhead::net
