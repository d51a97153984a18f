#include "guest/init/cgroup.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cmath>

#include "guest/core/errors.hpp"
#include "guest/init/files.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kRoot = "/sys/fs/cgroup";
constexpr const char* kContainer = "/sys/fs/cgroup/container";
constexpr int kPeriodUs = 100'000;

Status make_cgroup(const char* path) {
  if (mkdir(path, 0755) != 0) return fail_now(std::string("create cgroup ") + path);
  return {};
}

uint64_t total_memory() {
  struct sysinfo info {};
  sysinfo(&info);
  return uint64_t{info.totalram} * info.mem_unit;
}

// A clone has as many processors as its template. Programs ask how many they may use (nproc); only
// what looks into /proc/cpuinfo and /sys sees the others.
Status limit_processors(double cpus) {
  const auto given = static_cast<long>(std::ceil(cpus));
  if (given >= sysconf(_SC_NPROCESSORS_ONLN)) return {};
  return write_kernel_file("/sys/fs/cgroup/container/cpuset.cpus",
                           "0-" + std::to_string(given - 1));
}

}  // namespace

Status prepare_cgroups() {
  if (mount("cgroup2", kRoot, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return fail_now("mount cgroup2");
  // Every change of this list waits for all processors to have noticed, ten milliseconds and more
  // under emulation: so it is one change, unless the kernel lacks one of them.
  constexpr const char* kList = "/sys/fs/cgroup/cgroup.subtree_control";
  if (!write_kernel_file(kList, "+memory +pids +cpu +io +cpuset +hugetlb")) {
    for (const char* controller : {"+memory", "+pids", "+cpu", "+io", "+cpuset", "+hugetlb"})
      (void)write_kernel_file(kList, controller);
  }
  // Init itself stays in the root, for the same reason; no limit reaches it there.
  return make_cgroup(kContainer);
}

Status limit_container(const ContainerSpec& spec) {
  if (spec.memory_bytes > 0) {
    auto status =
        write_kernel_file("/sys/fs/cgroup/container/memory.max", std::to_string(spec.memory_bytes));
    if (!status) return status;
  }
  if (spec.cpus > 0) {
    if (spec.clone) {
      if (auto status = limit_processors(spec.cpus); !status) return status;
    }
    // The kernel's least quota is 1 ms.
    auto quota = std::max<long>(1000, std::lround(spec.cpus * kPeriodUs));
    return write_kernel_file("/sys/fs/cgroup/container/cpu.max",
                             std::to_string(quota) + " " + std::to_string(kPeriodUs));
  }
  return {};
}

Status renew_container_cgroup() {
  if (rmdir(kContainer) != 0) return fail_now(std::string("remove cgroup ") + kContainer);
  return make_cgroup(kContainer);
}

UniqueFd open_container_cgroup() {
  return UniqueFd(open(kContainer, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

uint64_t count_oom_kills() {
  return parse_keyed(read_kernel_file("/sys/fs/cgroup/container/memory.events"), "oom_kill");
}

Status kill_container_cgroup() {
  return write_kernel_file("/sys/fs/cgroup/container/cgroup.kill", "1");
}

Statistics read_statistics() {
  Statistics statistics;
  auto read = [](const char* path) { return read_kernel_file(path, 64 * 1024); };
  statistics.memory_usage_bytes = parse_single(read("/sys/fs/cgroup/container/memory.current"));
  statistics.memory_limit_bytes = parse_single(read("/sys/fs/cgroup/container/memory.max"));
  if (statistics.memory_limit_bytes == 0) statistics.memory_limit_bytes = total_memory();
  statistics.cpu_usage_usec = parse_keyed(read("/sys/fs/cgroup/container/cpu.stat"), "usage_usec");
  std::string io = read("/sys/fs/cgroup/container/io.stat");
  statistics.block_read_bytes = sum_nested(io, "rbytes");
  statistics.block_write_bytes = sum_nested(io, "wbytes");
  statistics.num_processes = parse_single(read("/sys/fs/cgroup/container/pids.current"));
  Traffic traffic = parse_traffic(read("/proc/net/dev"));
  statistics.network_rx_bytes = traffic.received;
  statistics.network_tx_bytes = traffic.sent;
  return statistics;
}

}  // namespace bulkhead::guest
