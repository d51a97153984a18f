// The requests of network/1 (sdk/schema/METHODS.md), read into what the switch is made of.
#pragma once

#include <string>

#include "bulkhead/json.hpp"
#include "network.hpp"

namespace bulkhead::network {

Result<NetworkPlan> parse_create(const nlohmann::json& body);
struct AttachRequest {
  Membership membership;
  bool restore = false;
};
Result<AttachRequest> parse_attach(const nlohmann::json& body);

Result<Mac> parse_mac(const std::string& text);
std::string mac_text(const Mac& mac);
std::string address_text(const Address4& address);
std::string address_text(const Address6& address);

}  // namespace bulkhead::network
