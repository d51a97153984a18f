// system stop: containers first, then the service; this command ends when the service's process
// has.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

// Containers have five seconds, all at once; the rest is the service's own business.
constexpr std::chrono::seconds kPatience{60};

bool gone(pid_t pid) {
  return kill(pid, 0) != 0 && errno == ESRCH;
}

Result<int> run(Context& context, const Invocation&) {
  context.service.forbid_start();
  const auto system = context.api().get("/v1/system");
  if (!system) {
    if (system.error().code != Code::kUnavailable) return fail(system.error());
    context.out.line("The service isn't running.");
    return 0;
  }
  const auto pid = static_cast<pid_t>(number_at(*system, "pid"));
  const auto stopping = context.api().send({"POST", "/v1/system/stop"});
  if (!stopping) return fail(stopping.error());
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (pid > 0 && !gone(pid)) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(
          Code::kTimeout,
          "the service, process " + std::to_string(pid) + ", has been asked to stop but still runs",
          "Its log is " + context.service.log_file() + ".");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  context.out.line("The service is stopped.");
  return 0;
}

constexpr Option kOptions[] = {
    {.names = "-p, --prefix",
     .value = "<prefix>",
     .help = "Prefix of the services' names",
     .needs = "needs launchd, which exists on macOS only"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_stop = {
    .name = "stop",
    .summary = "Stop all containers and the service",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
