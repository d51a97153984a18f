// The plugin: names/1 on a thread of its own, so that a flood of questions is nobody else's delay.
#pragma once

#include <memory>
#include <optional>

#include "bulkhead/plugin.hpp"
#include "core/loop/loop_thread.hpp"
#include "responder.hpp"

namespace bulkhead::names {

class HostNamesPlugin final : public plugin::Plugin {
 public:
  explicit HostNamesPlugin(plugin::Host host) : host_(host) {}
  ~HostNamesPlugin() override;

  Status start(const Json& config) override;
  bool submit(plugin::Request& request, plugin::Reply& reply) override;
  void stop() override;

 private:
  Status serve(const Json& body);

  plugin::Host host_;
  std::unique_ptr<loop::LoopThread> thread_;

  // Only the thread touches these.
  std::unique_ptr<Responder> responder_;
  std::optional<std::pair<net::Ip, uint16_t>> where_;  // it listens
};

std::unique_ptr<plugin::Plugin> make_host_names_plugin(plugin::Host host);

}  // namespace bulkhead::names
