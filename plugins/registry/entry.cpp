#include "registry_plugin.hpp"

BULKHEAD_PLUGIN("registry", "1.0.0", bulkhead::registry::make_registry_plugin, "registry/1");
