// The plugin: runtime/1 on a thread of its own.
//
// The host's loop thread hands requests over (a queue and an Async) and never waits; everything
// else in this room runs on the one thread made by start() and joined by stop(), with its own loop.
// QEMU is a child of that thread and dies with it.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "bulkhead/plugin.hpp"
#include "container.hpp"
#include "core/loop/handles.hpp"
#include "probe.hpp"
#include "template_build.hpp"

namespace bulkhead::qemu {

class RuntimePlugin final : public plugin::Plugin {
 public:
  explicit RuntimePlugin(plugin::Host host) : host_(host) {}
  ~RuntimePlugin() override;

  Status start(const Json& config) override;
  bool submit(plugin::Request& request, plugin::Reply& reply) override;
  void cancel(bh_op op) override;
  void stop() override;

 private:
  struct Order {
    plugin::Request request;
    plugin::Reply reply;
    int64_t ordered_us = 0;
  };

  void run();
  void take_orders();
  void carry_out(Order order);
  void probe(const Json& body, plugin::Reply reply);
  void make_template(TemplateRequest request, plugin::Reply reply);

  plugin::Host host_;
  Config config_;

  std::mutex mutex_;  // guards what the two threads share: the next three
  std::deque<Order> orders_;
  std::vector<bh_op> cancelled_;
  bool stopping_ = false;

  // Made before the thread and destroyed after it; in between only the thread touches them.
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<loop::Async> wake_;
  std::unique_ptr<Container> container_;
  std::unique_ptr<Probe> probe_;
  std::unique_ptr<TemplateBuild> template_;
  std::thread thread_;
};

}  // namespace bulkhead::qemu
