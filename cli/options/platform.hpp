// Which of an image's variants is meant. --platform wins over CONTAINER_DEFAULT_PLATFORM, which
// wins over --os and
// --arch; with none of them the service chooses the host's. Architectures are spelled as OCI does
// (amd64, arm64).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"
#include "options/environment.hpp"

namespace bulkhead::cli {

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;  // may be empty

  std::string text() const;
  nlohmann::json to_json() const;
};

// "linux/arm64/v8".
Result<Platform> parse_platform(std::string_view text);

// What this program was built for, in the guest's terms.
Platform host_platform();

// From the options --platform, --os and --arch of `invocation`.
Result<std::optional<Platform>> chosen_platform(const Invocation& invocation,
                                                const Environment& environment);

// "x86_64" -> "amd64", "aarch64" -> "arm64"; others as they are.
std::string oci_architecture(std::string_view name);

}  // namespace bulkhead::cli
