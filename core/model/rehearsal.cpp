#include "model/rehearsal.hpp"

#include "model/guest_bodies.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

constexpr const char* kName = "rehearsal";
// Addresses for documents (RFC 5737, RFC 3849): they lead nowhere.
constexpr const char* kMac = "02:62:68:00:01:00";
constexpr const char* kAddress = "192.0.2.2";
constexpr const char* kGateway = "192.0.2.1";
constexpr int kMtu = 1500;

GuestNetwork network() {
  GuestNetwork made;
  made.nameservers = {kGateway};
  made.address = kAddress;
  made.gateway = kGateway;
  made.interfaces = Json::array({{{"mac", kMac},
                                  {"ipv4", std::string(kAddress) + "/24"},
                                  {"ipv6", "2001:db8::2/64"},
                                  {"gateway", kGateway},
                                  {"gatewayV6", "2001:db8::1"},
                                  {"mtu", kMtu}}});
  return made;
}

// The guest's init, which is the one program that is sure to be there.
Json configuration(const Json& shape) {
  return {{"id", kName},
          {"dns", Json::object()},
          {"resources",
           {{"cpus", 1},  // fewer than the machine has, as most containers
            {"memoryInBytes", read_integer(shape, "memoryBytes").value_or(0)}}},
          {"initProcess",
           {{"executable", "/proc/self/exe"},
            {"arguments", {kName}},
            {"environment", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
            {"workingDirectory", "/"}}}};
}

}  // namespace

bool can_be_parked(const Json& machine) {
  if (machine.contains("initDisk") || !member(machine, "shares").empty()) return false;
  for (const Json& disk : member(machine, "disks"))
    if (read_flag(disk, "readOnly")) return false;
  return true;
}

Json rehearsal(const Json& shape, const Json& source, const RehearsalDisks& disks) {
  Json machine = shape;
  machine["template"] = source;
  machine["imageDisk"] = disks.image;
  machine["writableDisk"] = disks.writable;
  machine["networks"] = Json::array({{{"network", kName}, {"mac", kMac}}});
  const Json wanted = configuration(shape);
  return {{"hostname", kName},
          {"machine", std::move(machine)},
          {"guest", guest_request(wanted, network())},
          {"process", process_request(wanted)}};
}

}  // namespace bulkhead::model
