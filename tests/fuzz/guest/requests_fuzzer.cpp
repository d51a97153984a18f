// The JSON of a request. What is accepted must be fit for the kernel: paths absolute, strings
// without NUL, numbers in range.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "guest/core/command_path.hpp"
#include "guest/core/container_spec.hpp"
#include "guest/core/process_spec.hpp"

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

void check(const ContainerSpec& spec) {
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
  (void)parse_terminal_size(text);
  return 0;
}
