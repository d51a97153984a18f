#include "model/views.hpp"

#include <algorithm>
#include <charconv>

#include "model/image_decide.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/time_text.hpp"

namespace bulkhead::model {
namespace {

// The reference knows running, stopping and stopped, and what never ran is stopped too; what is
// under way beyond that shows as what it comes from.
std::string_view visible_state(const ContainerState& container) {
  if (container.state == Lifecycle::kStopping) return "stopping";
  if (container.resting() != Lifecycle::kRunning) return "stopped";
  return container.delete_op != 0 ? "stopping" : "running";
}

// What the container has on a network while it is up.
Json attachment(const State& state, const ContainerState& container, const Lease& lease) {
  Json view = {{"network", lease.network},  {"hostname", container.id}, {"ipv4Address", lease.ipv4},
               {"ipv6Address", lease.ipv6}, {"macAddress", lease.mac},  {"mtu", lease.mtu}};
  auto network = state.networks.find(lease.network);
  if (network == state.networks.end()) return view;
  view["ipv4Address"] = lease.ipv4 + "/" + std::to_string(network->second.subnet.prefix);
  view["ipv6Address"] = lease.ipv6 + "/" + std::to_string(network->second.subnet_v6.prefix);
  view["ipv4Gateway"] = address4_text(network->second.subnet.gateway());
  return view;
}

Json container_status(const State& state, const ContainerState& container) {
  Json status = {{"state", visible_state(container)}, {"networks", Json::array()}};
  if (container.up() && container.start_op == 0) {
    for (const Lease& lease : container.leases)
      status["networks"].push_back(attachment(state, container, lease));
    if (!container.mounts.empty()) status["mounts"] = container.mounts;
  }
  if (container.started_at_us) status["startedDate"] = time_seconds(*container.started_at_us);
  // The end of an earlier run says nothing about the one that runs now.
  if (container.up() || !container.exited_at_us) return status;
  status["exitedDate"] = time_seconds(*container.exited_at_us);
  if (container.exit_code) status["exitCode"] = *container.exit_code;
  status["oomKilled"] = container.oom_killed;
  if (!container.exit_reason.empty()) status["reason"] = container.exit_reason;
  return status;
}

// Properties are set as text and shown as what they mean; the text was checked when it was set.
Json typed_value(PropertyType type, std::string_view text) {
  if (type == PropertyType::kBoolean) return text == "true";
  if (type == PropertyType::kString) return text;
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string_view type_name(PropertyType type) {
  switch (type) {
    case PropertyType::kInteger:
      return "integer";
    case PropertyType::kBoolean:
      return "boolean";
    default:
      return "string";
  }
}

std::string creation_date(const ImageState& image) {
  auto created = parse_time(read_text(image.image, "createdAt"));
  return time_seconds(created.value_or(image.tagged_at_us));
}

}  // namespace

Result<const ContainerState*> find_container(const State& state, std::string_view wanted) {
  if (const ContainerState* exact = state.container(wanted); exact && exact->exists()) return exact;
  std::vector<const ContainerState*> matches;
  if (!wanted.empty())
    for (auto it = state.containers.lower_bound(wanted);
         it != state.containers.end() && it->first.starts_with(wanted); ++it)
      if (it->second.exists()) matches.push_back(&it->second);
  if (matches.size() == 1) return matches.front();
  if (matches.empty())
    return fail(Code::kNotFound, "container not found: " + std::string(wanted),
                "`container list --all` shows those that exist");
  std::string list;
  for (const ContainerState* match : matches) list += (list.empty() ? "" : ", ") + match->id;
  return fail(Code::kConflict, std::string(wanted) + " is the beginning of several names: " + list,
              "give more of the name");
}

Json container_view(const State& state, const ContainerState& container) {
  return {{"id", container.id},
          {"configuration", container.configuration},
          {"status", container_status(state, container)}};
}

Json containers_view(const State& state, bool all) {
  std::vector<const ContainerState*> chosen;
  for (const auto& [id, container] : state.containers)
    if (container.exists() && (all || (container.up() && container.start_op == 0)))
      chosen.push_back(&container);
  std::sort(chosen.begin(), chosen.end(), [](const ContainerState* a, const ContainerState* b) {
    return a->created_seq < b->created_seq;
  });
  Json list = Json::array();
  for (const ContainerState* container : chosen) list.push_back(container_view(state, *container));
  return list;
}

Json image_view(const State& state, const ImageState& image) {
  std::string id = image.digest;
  if (size_t colon = id.find(':'); colon != std::string::npos) id.erase(0, colon + 1);
  const Json& variants = member(image.image, "variants");
  return {{"id", id},
          {"configuration",
           {{"name", image.reference},
            {"creationDate", creation_date(image)},
            {"descriptor", member(image.image, "descriptor")}}},
          {"variants", variants.is_array() ? variants : Json::array()},
          {"inUse", users_of_image(state, image.digest)}};
}

Json images_view(const State& state) {
  Json list = Json::array();
  for (const auto* images : {&state.images, &state.dangling})
    for (const auto& [key, image] : *images) list.push_back(image_view(state, image));
  return list;
}

Json properties_view(const State& state) {
  Json view = Json::object();
  for (const PropertyDefinition& definition : property_catalogue()) {
    std::string key(definition.key);
    Json entry = {{"type", type_name(definition.type)},
                  {"description", definition.description},
                  {"value", nullptr},
                  {"default", nullptr}};
    if (auto set = state.properties.find(key); set != state.properties.end())
      entry["value"] = typed_value(definition.type, set->second);
    if (definition.fallback) entry["default"] = typed_value(definition.type, *definition.fallback);
    view[key] = std::move(entry);
  }
  return view;
}

Result<Json> property_view(const State& state, const std::string& key) {
  if (find_property(key) == nullptr)
    return fail(Code::kNotFound, "there is no property \"" + key + "\"",
                "`container system property list` shows those that exist");
  Json value = property_in_force(state, key);
  if (value.is_null()) return fail(Code::kNotFound, "property " + key + " is not set");
  return Json{{"key", key}, {"value", std::move(value)}};
}

Json property_in_force(const State& state, const std::string& key) {
  const PropertyDefinition* definition = find_property(key);
  auto value = property_value(state, key);
  return definition && value ? typed_value(definition->type, *value) : Json();
}

}  // namespace bulkhead::model
