// The plugin object: takes operations on the loop's thread, runs each where its method says,
// completes it from there.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "bulkhead/plugin.hpp"
#include "crew.hpp"
#include "lane.hpp"
#include "methods.hpp"

namespace bulkhead::storage {

class StoragePlugin : public plugin::Plugin {
 public:
  explicit StoragePlugin(plugin::Host host) : host_(host) {}

  Status start(const Json& config) override;
  bool submit(plugin::Request& request, plugin::Reply& reply) override;
  void cancel(bh_op op) override;
  void stop() override;

 private:
  struct Operation;
  void post(Place place, std::function<void()> job);
  void run(const Method& method, Operation& operation);

  plugin::Host host_;
  std::unique_ptr<Store> store_;
  std::mutex mutex_;
  std::map<bh_op, std::shared_ptr<Operation>> running_;
  std::optional<Lane> bulk_, quick_;  // last: their threads use all of the above
  std::optional<Crew> crew_;
};

std::unique_ptr<plugin::Plugin> make_storage_plugin(plugin::Host host);

}  // namespace bulkhead::storage
