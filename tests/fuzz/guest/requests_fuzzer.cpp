// The JSON of a request. What is accepted must be fit for the kernel: paths absolute, strings
// without NUL, numbers in range.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "guest/core/command_path.hpp"
#include "guest/core/container_spec.hpp"
#include "guest/core/process_spec.hpp"
#include "guest/core/touch_request.hpp"

namespace {

using namespace bulkhead::guest;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_plain(const std::string& text) {
  require(text.find('\0') == std::string::npos);
}

void require_paths(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    require(path.starts_with('/'));
    require_plain(path);
  }
}

void check(const ProcessSpec& spec) {
  require(!spec.args.empty() && !spec.args.front().empty());
  for (const std::string& arg : spec.args) require_plain(arg);
  for (const std::string& variable : spec.env) require_plain(variable);
  require_paths({spec.cwd});
  for (const ResourceLimit& limit : spec.limits) require(limit.soft <= limit.hard);
  for (const std::string& path : command_candidates(spec.args.front(), spec.env))
    require(path.find('/') != std::string::npos);
}

// A place of its own below the root, by its text alone.
void require_clean(const std::string& path) {
  require_plain(path);
  require(path.size() > 1 && path.front() == '/' && path.back() != '/');
  const std::string ended = path + "/";
  for (const char* part : {"//", "/./", "/../"}) require(ended.find(part) == std::string::npos);
}

void check(const NetworkSpec& network) {
  require(network.mtu == 0 || (network.mtu >= 68 && network.mtu <= 65535));
  for (const InterfaceAddress& address : network.addresses)
    require(address.prefix >= 0 && size_t(address.prefix) <= address.size() * 8);
}

void check(const MountSpec& mount) {
  require_clean(mount.destination);
  require_plain(mount.source);
  require_plain(mount.file);
  require(mount.file.find('/') == std::string::npos && mount.file != "." && mount.file != "..");
  require(mount.type == MountSpec::Type::kTmpfs || !mount.source.empty());
  require(mount.mode.value_or(0) <= 07777);
}

void check(const ContainerSpec& spec) {
  for (const NetworkSpec& network : spec.networks) check(network);
  for (const MountSpec& mount : spec.mounts) check(mount);
  for (const SocketSpec& socket : spec.sockets) require_clean(socket.path);
  require(!spec.hostname.empty() && spec.hostname.size() <= 64);
  require(spec.entropy.size() == 64 && spec.time_us >= 0 && !spec.image_disk.empty());
  require(spec.cpus >= 0 && spec.cpus <= 1e6);
  require_paths(spec.tmpfs);
  require_paths(spec.masked_paths);
  require_paths(spec.readonly_paths);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto spec = parse_process(text)) check(*spec);
  if (auto spec = parse_container(text)) check(*spec);
  if (auto signal = parse_signal(text)) require(*signal > 0);
  if (auto paths = parse_touch(text)) {
    require(paths->size() <= kMostTouched);
    require_paths(*paths);
  }
  (void)parse_terminal_size(text);
  return 0;
}
