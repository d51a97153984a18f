// The library's one exported symbol.
#include <memory>

#include "bulkhead/version.hpp"
#include "network_plugin.hpp"

namespace {

std::unique_ptr<bulkhead::plugin::Plugin> make_network(bulkhead::plugin::Host host) {
  return std::make_unique<bulkhead::network::NetworkPlugin>(host);
}

}  // namespace

BULKHEAD_PLUGIN("network-slirp", bulkhead::kVersion, make_network, "network/1");
