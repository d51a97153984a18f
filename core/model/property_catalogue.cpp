// The keys that exist. Adding one is a row here; removing one would orphan events, so a key is only
// ever marked in its text.
#include <charconv>

#include "bulkhead/reference.hpp"
#include "bulkhead/size.hpp"
#include "model/oci_defaults.hpp"
#include "model/property_decide.hpp"

namespace bulkhead::model {
namespace {

Failure refuse(std::string_view value, std::string_view wanted) {
  return fail(Code::kInvalid, "\"" + std::string(value) + "\" is not " + std::string(wanted));
}

Status any_text(std::string_view value) {
  if (value.empty()) return fail(Code::kInvalid, "an empty value; `clear` unsets a property");
  if (value.size() > 4096) return fail(Code::kInvalid, "the value is longer than 4096 bytes");
  return {};
}

Status boolean(std::string_view value) {
  if (value == "true" || value == "false") return {};
  return refuse(value, "true or false");
}

Status cpus(std::string_view value) {
  int number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && number >= 1 &&
      number <= kMaximumCpus)
    return {};
  return refuse(value, "a number of CPUs (1 to " + std::to_string(kMaximumCpus) + ")");
}

Status few(std::string_view value) {
  int number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && number >= 1 && number <= 64)
    return {};
  return refuse(value, "a number from 1 to 64");
}

Status few_or_none(std::string_view value) {
  if (value == "0" || few(value)) return {};
  return refuse(value, "a number from 0 to 64");
}

Status port(std::string_view value) {
  int number = -1;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && number >= 0 && number <= 65535)
    return {};
  return refuse(value, "a port (0 to 65535)");
}

Status size(std::string_view value) {
  auto bytes = parse_size(value);
  if (!bytes) return fail(std::move(bytes.error()));
  return {};
}

Status memory(std::string_view value) {
  auto bytes = parse_size(value);
  if (!bytes) return fail(std::move(bytes.error()));
  if (*bytes < uint64_t(kMinimumMemoryBytes))
    return refuse(value, "enough for a virtual machine (at least 200m)");
  return {};
}

// Labels of letters, digits and '-', joined by dots.
Status domain(std::string_view value) {
  bool label = false;
  bool good = !value.empty() && value.size() <= 253 && value.back() != '.' && value.back() != '-';
  for (char c : value) {
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!(alnum || (label && (c == '-' || c == '.')))) good = false;
    label = c != '.';
  }
  if (good) return {};
  return refuse(value, "a domain name");
}

Status subnet4(std::string_view value) {
  if (subnet4_around(value)) return {};
  return refuse(value, "a subnet from /8 to /29 such as 192.168.64.0/24");
}

Status subnet6(std::string_view value) {
  if (subnet6_around(value)) return {};
  return refuse(value, "a subnet from /8 to /112 such as fd00:abcd::/64");
}

Status digest(std::string_view value) {
  if (value.starts_with("sha256:") && is_digest(value)) return {};
  return refuse(value, "sha256:<64 hex digits>");
}

// A host with an optional port: what normalise_reference takes for a registry.
Status registry(std::string_view value) {
  if (parse_reference("a", value)) return {};
  return refuse(value, "a registry such as docker.io or localhost:5000");
}

Status transport(std::string_view value) {
  if (value == "auto" || value == "9p" || value == "virtiofs") return {};
  return refuse(value, "auto, 9p or virtiofs");
}

Status image(std::string_view value) {
  auto reference = parse_reference(value);
  if (!reference) return fail(std::move(reference.error()));
  return {};
}

constexpr auto kText = PropertyType::kString;
constexpr auto kNumber = PropertyType::kInteger;
constexpr auto kBool = PropertyType::kBoolean;
constexpr std::nullopt_t kUnset = std::nullopt;

}  // namespace

const std::vector<PropertyDefinition>& property_catalogue() {
  static const std::vector<PropertyDefinition> catalogue = {
      {"build.cpus", kNumber, "2",
       "CPUs of the builder's virtual machine; for builds, which come later", cpus},
      {"build.image", kText, kUnset, "Image of the builder; for builds, which come later", image},
      {"build.memory", kText, "2048mb",
       "Memory of the builder's virtual machine; for builds, which come later", memory},
      {"build.rosetta", kBool, "true", "Build amd64 images with Rosetta (arm64 macOS hosts only)",
       boolean},
      {"container.cpus", kNumber, "4", "CPUs of a container that doesn't ask for a number", cpus},
      {"container.memory", kText, "1g", "Memory of a container that doesn't ask for a size",
       memory},
      {"dns.domain", kText, kUnset, "Domain in which containers find each other by name", domain},
      {"dns.host-port", kNumber, "2053",
       "Port of 127.0.0.1 where the host's own programs can ask for containers' names; 0: none",
       port},
      {"kernel.binaryPath", kText, kUnset, "Path of the kernel inside the archive at kernel.url",
       any_text},
      {"kernel.digest", kText, kUnset, "Digest of the archive at kernel.url", digest},
      {"kernel.url", kText, kUnset, "Archive of the recommended kernel; unset: the one built in",
       any_text},
      {"mounts.transport", kText, "auto",
       "What carries the folders of this host into a container: 9p, virtiofs (boots instead of "
       "clones), or auto: 9p while machines are cloned, else virtiofs where a virtiofsd is there",
       transport},
      {"network.subnet", kText, kUnset,
       "IPv4 subnet of the next network that doesn't ask for one; unset: chosen automatically",
       subnet4},
      {"network.subnetv6", kText, kUnset,
       "IPv6 subnet of the next network that doesn't ask for one; unset: chosen automatically",
       subnet6},
      {"registry.domain", kText, "docker.io", "Registry of image names that don't say one",
       registry},
      {"template.enabled", kBool, "true",
       "Start containers as clones of a machine that was booted before; false: boot each", boolean},
      {"template.maximum", kNumber, "4", "Templates to keep; beyond, the longest unused is dropped",
       few},
      {"template.maximumSize", kText, "1g", "What all templates may take on disk, likewise", size},
      {"template.parked", kNumber, "1",
       "Machines to keep ready for the next container; each takes some 100 MB", few_or_none},
      {"vminit.image", kText, kUnset, "Image of the guest's init; unset: the one built in", image},
      {"volume.removeAnonymous", kBool, "true",
       "Remove the anonymous volumes of a container that is removed by --rm", boolean},
  };
  return catalogue;
}

const PropertyDefinition* find_property(std::string_view key) {
  for (const PropertyDefinition& definition : property_catalogue())
    if (definition.key == key) return &definition;
  return nullptr;
}

}  // namespace bulkhead::model
