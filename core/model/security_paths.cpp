#include "model/oci_defaults.hpp"

namespace bulkhead::model {

const std::vector<std::string>& default_masked_paths() {
  static const std::vector<std::string> paths = {
      "/proc/asound",     "/proc/acpi",        "/proc/interrupts",
      "/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
      "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
      "/proc/scsi",       "/sys/firmware",     "/sys/devices/virtual/powercap"};
  return paths;
}

const std::vector<std::string>& default_readonly_paths() {
  static const std::vector<std::string> paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                 "/proc/sysrq-trigger"};
  return paths;
}

Result<std::vector<std::string>> resolve_paths(const std::vector<std::string>& defaults,
                                               const Json& given, std::string_view what) {
  std::vector<std::string> paths = defaults;
  if (!given.is_array())
    return fail(Code::kInvalid, std::string(what) + "s must be a list of paths");
  for (const Json& element : given) {
    std::string path = element.is_string() ? element.get<std::string>() : "";
    if (path == "NONE") {
      paths.clear();
    } else if (!path.starts_with('/')) {
      return fail(Code::kInvalid, std::string(what) + " \"" + path + "\" is not absolute",
                  "begin it with '/', or say NONE to clear the list");
    } else {
      paths.push_back(std::move(path));
    }
  }
  return paths;
}

}  // namespace bulkhead::model
