// The library's one exported symbol.
#include "bulkhead/version.hpp"
#include "host_names_plugin.hpp"

BULKHEAD_PLUGIN("host-names", bulkhead::kVersion, bulkhead::names::make_host_names_plugin,
                "names/1");
