// The library's one exported symbol.
#include <memory>

#include "bulkhead/version.hpp"
#include "runtime_plugin.hpp"

namespace {

std::unique_ptr<bulkhead::plugin::Plugin> make_runtime(bulkhead::plugin::Host host) {
  return std::make_unique<bulkhead::qemu::RuntimePlugin>(host);
}

}  // namespace

BULKHEAD_PLUGIN("runtime-qemu", bulkhead::kVersion, make_runtime, "runtime/1");
