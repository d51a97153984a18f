#include "bulkhead/server_name.hpp"

#include <algorithm>
#include <array>

#include "bulkhead/reference.hpp"

namespace bulkhead {
namespace {

constexpr std::array<std::string_view, 6> kRoots = {"", "/", "/v1", "/v1/", "/v2", "/v2/"};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return result;
}

Failure refuse(const char* why) {
  return fail(Code::kInvalid, std::string("the registry's name is not valid: ") + why,
              "write a host with its port if it has one, like ghcr.io or localhost:5000");
}

}  // namespace

Result<std::string> server_of_login(std::string_view text) {
  const std::string whole = lower(text);
  std::string_view host = whole;
  if (const size_t scheme = host.find("://"); scheme != std::string_view::npos) {
    const std::string_view name = host.substr(0, scheme);
    if (name != "https" && name != "http") return refuse("its scheme is neither http nor https");
    host.remove_prefix(scheme + 3);
  }
  const std::string_view path = host.substr(std::min(host.find('/'), host.size()));
  host.remove_suffix(path.size());
  if (std::find(kRoots.begin(), kRoots.end(), path) == kRoots.end()) return refuse("it has a path");
  if (host == "registry-1.docker.io") return std::string("docker.io");
  // Whatever an image's name may begin with, and nothing else.
  auto image = parse_reference("x", host);
  if (!image) return refuse("it is not a host");
  return std::move(image->domain);
}

}  // namespace bulkhead
