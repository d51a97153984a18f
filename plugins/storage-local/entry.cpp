#include "storage_plugin.hpp"

BULKHEAD_PLUGIN("storage-local", "1.0.0", bulkhead::storage::make_storage_plugin, "storage/1");
