// The library's one exported symbol.
#include "bulkhead/version.hpp"
#include "network_plugin.hpp"

BULKHEAD_PLUGIN("network-slirp", bulkhead::kVersion, bulkhead::net::make_network_plugin,
                "network/1");
