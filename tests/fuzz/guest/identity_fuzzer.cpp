// A user's text and an image's /etc/passwd and /etc/group, separated by NUL.
//
// No id may be what the kernel reads as "leave it as it is": that would leave the process root.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "guest/core/identity.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::guest;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  auto next = [&rest] {
    std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    return part;
  };
  std::string_view user = next(), passwd = next();
  auto identity = resolve_identity(user, passwd, rest);
  if (!identity) {
    if (identity.error().message.empty()) std::abort();
    return 0;
  }
  constexpr auto kNone = static_cast<uint32_t>(-1);
  if (identity->uid == kNone || identity->gid == kNone || identity->home.empty()) std::abort();
  for (gid_t group : identity->groups) {
    if (group == kNone) std::abort();
  }
  return 0;
}
