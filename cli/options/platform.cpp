#include "options/platform.hpp"

#include <nlohmann/json.hpp>

namespace bulkhead::cli {

std::string Platform::text() const {
  return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

nlohmann::json Platform::to_json() const {
  nlohmann::json value = {{"os", os}, {"architecture", architecture}};
  if (!variant.empty()) value["variant"] = variant;
  return value;
}

std::string oci_architecture(std::string_view name) {
  if (name == "x86_64" || name == "x86-64") return "amd64";
  if (name == "aarch64") return "arm64";
  return std::string(name);
}

Result<Platform> parse_platform(std::string_view text) {
  const auto wrong = [&] {
    return usage("platform '" + std::string(text) + "' is not of the form os/arch[/variant]");
  };
  const size_t first = text.find('/');
  if (first == std::string_view::npos) return wrong();
  const size_t second = text.find('/', first + 1);
  Platform platform;
  platform.os = text.substr(0, first);
  platform.architecture = oci_architecture(
      text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1));
  if (second != std::string_view::npos) {
    platform.variant = text.substr(second + 1);
    if (platform.variant.empty() || platform.variant.find('/') != std::string::npos) return wrong();
  }
  if (platform.os.empty() || platform.architecture.empty()) return wrong();
  return platform;
}

Platform host_platform() {
#if defined(__aarch64__)
  return {"linux", "arm64", ""};
#else
  return {"linux", "amd64", ""};
#endif
}

Result<std::optional<Platform>> chosen_platform(const Invocation& invocation,
                                                const Environment& environment) {
  auto whole = invocation.value("platform");
  const bool parts = invocation.has("os") || invocation.has("arch");
  if (!whole) whole = environment("CONTAINER_DEFAULT_PLATFORM");
  if (whole && !whole->empty()) {
    auto platform = parse_platform(*whole);
    if (!platform) return fail(std::move(platform.error()));
    return std::optional(std::move(*platform));
  }
  if (!parts) return std::optional<Platform>();
  Platform platform;
  platform.os = invocation.value("os").value_or("linux");
  platform.architecture = oci_architecture(invocation.value("arch").value_or(""));
  if (platform.architecture.empty()) platform.architecture = host_platform().architecture;
  return std::optional(std::move(platform));
}

}  // namespace bulkhead::cli
