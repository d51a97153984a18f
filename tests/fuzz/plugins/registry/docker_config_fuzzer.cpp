// What other programs tell us about logins: Docker's config.json, and a credential helper's answer.
#include <string_view>

#include "bulkhead/server_name.hpp"
#include "credential_helper.hpp"
#include "docker_config.hpp"

using namespace bulkhead;
using namespace bulkhead::registry;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* server : {"docker.io", "ghcr.io"}) {
    const auto login = parse_docker_config(text, server);
    if (!login) continue;
    for (const DockerHelper& helper : login->helpers) {
      if (!is_helper_name(helper.name)) __builtin_trap();
    }
  }
  (void)parse_helper_answer(text);
  // A name that was found is its own name.
  if (const auto name = server_of_login(text)) {
    if (server_of_login(*name) != *name) __builtin_trap();
  }
  return 0;
}
