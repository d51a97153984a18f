#include "bulkhead/platform.hpp"

namespace bulkhead {
namespace {

// arm64 has one variant, which is mostly left out; 32-bit arm means v7 unless it says otherwise.
std::string full_variant(const Platform& platform) {
  if (!platform.variant.empty()) return platform.variant;
  if (platform.architecture == "arm64") return "v8";
  if (platform.architecture == "arm") return "v7";
  if (platform.architecture == "amd64") return "v1";
  return {};
}

bool is_level(const std::string& variant) {
  return variant.size() == 2 && variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9';
}

}  // namespace

Result<Platform> Platform::from_json(const Json& value) {
  Result<std::string> os = string_at(value, "os"), architecture = string_at(value, "architecture");
  if (!os) return fail(std::move(os.error()).context("platform"));
  if (!architecture) return fail(std::move(architecture.error()).context("platform"));
  Platform platform{std::move(*os), std::move(*architecture), string_or(value, "variant", "")};
  if (platform.os.empty() || platform.architecture.empty()) {
    return fail(Code::kInvalid, "a platform without operating system or architecture");
  }
  return platform;
}

Json Platform::to_json() const {
  Json value{{"os", os}, {"architecture", architecture}};
  if (!variant.empty()) value["variant"] = variant;
  return value;
}

std::string Platform::text() const {
  return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

int suitability(const Platform& built, const Platform& wanted) {
  if (built.os != wanted.os || built.architecture != wanted.architecture) return 0;
  const std::string have = full_variant(built), want = full_variant(wanted);
  if (have == want) return 100;
  // Variants are levels: a processor of level 7 runs what was built for level 6, and not the other
  // way round.
  if (is_level(have) && is_level(want) && have < want) return 100 - (want[1] - have[1]);
  return 0;
}

}  // namespace bulkhead
