#include "libsecret.hpp"

#include <dlfcn.h>

#include <optional>

namespace bulkhead::registry {
namespace {

std::optional<LibSecret> load() {
  void* library = ::dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  LibSecret functions;
  // Also finds what libsecret itself links.
#define BULKHEAD_LOAD(name)                                                             \
  functions.name = reinterpret_cast<decltype(functions.name)>(::dlsym(library, #name)); \
  if (functions.name == nullptr) return std::nullopt;
  BULKHEAD_LIBSECRET(BULKHEAD_LOAD)
#undef BULKHEAD_LOAD
  return functions;
}

}  // namespace

const LibSecret* load_libsecret() {
  static const std::optional<LibSecret> functions = load();
  return functions ? &*functions : nullptr;
}

}  // namespace bulkhead::registry
