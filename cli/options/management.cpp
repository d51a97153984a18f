#include "options/management.hpp"

#include <nlohmann/json.hpp>

#include "options/capability.hpp"
#include "options/connections.hpp"
#include "options/dns.hpp"
#include "options/host_path.hpp"
#include "options/label.hpp"
#include "options/mount.hpp"
#include "options/number.hpp"
#include "options/platform.hpp"
#include "options/process.hpp"
#include "options/resource.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Status put_capabilities(json& request, const Invocation& invocation) {
  auto add = parse_capabilities(invocation.values("cap-add"), "--cap-add");
  if (!add) return fail(std::move(add.error()));
  auto drop = parse_capabilities(invocation.values("cap-drop"), "--cap-drop");
  if (!drop) return fail(std::move(drop.error()));
  request["capAdd"] = std::move(*add);
  request["capDrop"] = std::move(*drop);
  return {};
}

Status put_mounts(json& request, const Invocation& invocation) {
  auto mounts = mount_requests(invocation);
  if (!mounts) return fail(std::move(mounts.error()));
  request["mounts"] = std::move(*mounts);
  return {};
}

// masked-path and read-only-path: absent means the OCI defaults, so an empty list must not be sent.
Status put_paths(json& request, const Invocation& invocation, const char* option,
                 const char* field) {
  const auto& paths = invocation.values(option);
  for (const std::string& path : paths) {
    if (path != "NONE" && !path.starts_with("/")) {
      return usage("--" + std::string(option) + " '" + path + "' is not an absolute path");
    }
  }
  if (!paths.empty()) request[field] = paths;
  return {};
}

Status put_dns(json& request, const Invocation& invocation) {
  auto dns = parse_dns(invocation);
  if (!dns) return fail(std::move(dns.error()));
  request["noDns"] = invocation.has("no-dns");
  if (!*dns) return {};
  json& field = request["dns"];
  field = {{"nameservers", (*dns)->nameservers},
           {"searchDomains", (*dns)->search_domains},
           {"options", (*dns)->options}};
  if (!(*dns)->domain.empty()) field["domain"] = (*dns)->domain;
  return {};
}

Status put_image(json& request, const Invocation& invocation, const Environment& environment) {
  request["image"] = invocation.arguments().front();
  const auto platform = chosen_platform(invocation, environment);
  if (!platform) return fail(platform.error());
  if (*platform) {
    request["platform"] = (*platform)->to_json();
  }
  return {};
}

Status put_size(json& request, const Invocation& invocation) {
  const auto text = invocation.value("shm-size");
  if (!text) return {};
  const auto size = parse_size_option(*text, "--shm-size");
  if (!size) return fail(size.error());
  request["shmSize"] = *size;
  return {};
}

Status put_name(json& request, const Invocation& invocation) {
  const auto name = invocation.value("name");
  if (name && name->empty()) return usage("--name is empty");
  if (name) request["name"] = *name;
  return {};
}

Status put_plain(json& request, const Invocation& invocation) {
  for (const auto& [option, field] :
       {std::pair("init-image", "initImage"), std::pair("runtime", "runtime")}) {
    if (const auto text = invocation.value(option)) request[field] = *text;
  }
  if (const auto path = invocation.value("kernel")) {
    auto kernel = parse_host_path(*path, "--kernel");
    if (!kernel) return fail(std::move(kernel.error()));
    request["kernel"] = std::move(*kernel);
  }
  request["kernelArgs"] = invocation.values("kernel-arg");
  request["readOnly"] = invocation.has("read-only");
  request["useInit"] = invocation.has("init");
  request["virtualization"] = invocation.has("virtualization");
  request["autoRemove"] = invocation.has("rm") || invocation.has("remove");
  return {};
}

}  // namespace

Result<json> container_request(const Invocation& invocation, const Environment& environment) {
  const auto& words = invocation.arguments();
  auto process = process_request(invocation, {words.begin() + 1, words.end()}, environment);
  if (!process) return fail(std::move(process.error()));
  if (const auto entrypoint = invocation.value("entrypoint")) {
    (*process)["entrypoint"] = *entrypoint;
  }
  auto resources = resource_request(invocation);
  if (!resources) return fail(std::move(resources.error()));
  auto labels = parse_labels(invocation.values("label"));
  if (!labels) return fail(std::move(labels.error()));

  json request = {{"process", std::move(*process)},
                  {"resources", std::move(*resources)},
                  {"labels", std::move(*labels)}};
  for (const auto& step : {put_plain, put_name, put_capabilities, put_mounts, put_dns, put_size}) {
    if (auto ok = step(request, invocation); !ok) return fail(std::move(ok.error()));
  }
  if (auto ok = put_paths(request, invocation, "masked-path", "maskedPaths"); !ok) {
    return fail(std::move(ok.error()));
  }
  if (auto ok = put_paths(request, invocation, "read-only-path", "readonlyPaths"); !ok) {
    return fail(std::move(ok.error()));
  }
  if (auto ok = put_connections(request, invocation); !ok) return fail(std::move(ok.error()));
  if (auto ok = put_image(request, invocation, environment); !ok) {
    return fail(std::move(ok.error()));
  }
  return request;
}

}  // namespace bulkhead::cli
