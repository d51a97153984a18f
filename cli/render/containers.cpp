#include "render/containers.hpp"

#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// "192.168.64.3" for each network, without the prefix length.
std::string addresses(const json& container) {
  std::string text;
  for (const json& network : list_at(container, "status.networks")) {
    const std::string address = text_at(network, "ipv4Address");
    if (!text.empty()) text += ',';
    text += address.substr(0, address.find('/'));
  }
  return text;
}

}  // namespace

std::string container_table(const json& containers) {
  Table table({"ID", "IMAGE", "OS", "ARCH", "STATE", "IP", "CPUS", "MEMORY", "STARTED"});
  for (const json& container : containers) {
    const uint64_t memory = number_at(container, "configuration.resources.memoryInBytes");
    table.add({text_at(container, "id"), text_at(container, "configuration.image.reference"),
               text_at(container, "configuration.platform.os"),
               text_at(container, "configuration.platform.architecture"),
               text_at(container, "status.state"), addresses(container),
               text_at(container, "configuration.resources.cpus"),
               std::to_string(memory >> 20) + " MB", text_at(container, "status.startedDate")});
  }
  return table.text();
}

}  // namespace bulkhead::cli
