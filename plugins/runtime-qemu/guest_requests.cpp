#include "guest_requests.hpp"

#include <algorithm>

#include "bulkhead/log_record.hpp"

namespace bulkhead::qemu {
namespace {

constexpr size_t kLongestMessage = 512;

Json value_or(const Json& object, const char* key, const Json& fallback) {
  const auto found = object.find(key);
  return found == object.end() ? fallback : *found;
}

Code guest_code(const Json& body, int status) {
  const int64_t claimed = integer_or(body, "code", 0);
  // What only the host can know (its disk, its plugins) a guest doesn't get to say.
  for (Code known :
       {Code::kUnsupported, Code::kNotFound, Code::kConflict, Code::kDenied, Code::kInvalid,
        Code::kNoSpace, Code::kTimeout, Code::kCommandNotFound, Code::kCommandNotExecutable}) {
    if (claimed == static_cast<int64_t>(known)) return known;
  }
  return status == 404 ? Code::kNotFound : Code::kInternal;
}

// The guest mounts a folder as what the machine has for it.
Json with_transports(Json mounts, const Machine& machine) {
  if (!mounts.is_array()) return mounts;
  for (Json& mount : mounts) {
    if (!mount.is_object() || string_or(mount, "type", "") != "share") continue;
    const std::string tag = string_or(mount, "source", "");
    for (const Share& share : machine.shares) {
      if (share.tag == tag) mount["transport"] = transport_of(share);
    }
  }
  return mounts;
}

}  // namespace

const char* transport_of(const Share& share) {
  return share.virtiofs ? "virtiofs" : "9p";
}

Json destinations_of(const std::string& tag, const Json& guest) {
  Json list = Json::array();
  const Json mounts = value_or(guest, "mounts", Json::array());
  for (const Json& mount : mounts) {
    if (mount.is_object() && string_or(mount, "type", "") == "share" &&
        string_or(mount, "source", "") == tag)
      list.push_back(string_or(mount, "destination", ""));
  }
  return list;
}

Json container_body(const CreateRequest& request, int64_t time_us, std::string_view entropy,
                    bool cloned) {
  const Json& guest = request.guest;
  Json writable = nullptr;
  if (!request.machine.writable_disk.empty()) writable = "writable";
  Json body = {
      {"hostname", request.hostname},
      {"timeUs", time_us},
      {"entropy", entropy},
      {"rootfs",
       {{"image", "image"},
        {"writable", std::move(writable)},
        {"readOnly", value_or(guest, "readOnlyRoot", false)}}},
      {"resolvConf", value_or(guest, "resolvConf", nullptr)},
      {"hosts", value_or(guest, "hosts", nullptr)},
      {"shmBytes", value_or(guest, "shmBytes", 64 << 20)},
      {"tmpfs", value_or(guest, "tmpfs", Json::array())},
      {"maskedPaths", value_or(guest, "maskedPaths", Json::array())},
      {"readonlyPaths", value_or(guest, "readonlyPaths", Json::array())},
      {"sysctls", value_or(guest, "sysctls", Json::object())},
      {"useInit", value_or(guest, "useInit", false)},
      {"cpus", value_or(guest, "cpus", request.machine.cpus)},
      {"memoryBytes", value_or(guest, "memoryBytes", request.machine.memory_bytes)},
  };
  if (guest.contains("networks")) body["networks"] = guest["networks"];
  if (guest.contains("mounts")) body["mounts"] = with_transports(guest["mounts"], request.machine);
  for (size_t id = 0; id < request.machine.sockets.size(); ++id) {
    const Socket& socket = request.machine.sockets[id];
    const bool to_host = socket.direction == Socket::Direction::kToHost;
    body["sockets"].push_back(
        {{"direction", to_host ? "to-host" : "to-guest"}, {"guest", socket.guest}, {"id", id}});
  }
  if (cloned) {
    body["clone"] = {{"disks", 2 + request.machine.disks.size()},  // image and writable first
                     {"cards", request.machine.networks.size()},
                     {"folders", request.machine.shares.size()}};
  }
  return body;
}

std::string process_head(const ProcessRequest& request) {
  Json process = request.process;
  process["stdin"] = request.with_stdin;
  const std::string text = dump_json(process);
  const auto size = static_cast<uint32_t>(text.size());
  std::string head;
  for (int shift : {24, 16, 8, 0}) head += static_cast<char>(size >> shift & 0xff);
  return head + text;
}

Error guest_error(int status, std::string_view body) {
  const Json parsed = parse_json(body).value_or(Json::object());
  std::string text = string_or(parsed, "message", "").substr(0, kLongestMessage);
  text.resize(whole_characters(text));
  auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  if (text.empty()) text = "the guest answered with status " + std::to_string(status);
  return Error{guest_code(parsed, status), std::move(text), {}};
}

std::string base64(std::span<const uint8_t> bytes) {
  // Eleven lines here against linking OpenSSL (3 MB resident) into every container's host for them.
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - at);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) group = group << 8 | (i < have ? bytes[at + i] : 0u);
    for (size_t i = 0; i < 4; ++i) out += i <= have ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

}  // namespace bulkhead::qemu
