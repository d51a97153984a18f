// system stop: containers first, then the service; this command ends when the service's process
// has. If the service was killed and its containers run on, it is started once more, because it
// alone knows how to stop them and writes down that it did.
#include <sys/wait.h>

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

// It may be a child of this command, which started it to stop what was left.
bool gone(pid_t pid) {
  waitpid(pid, nullptr, WNOHANG);
  return kill(pid, 0) != 0 && errno == ESRCH;
}

Result<nlohmann::json> running_system(Context& context) {
  context.service.forbid_start();
  auto system = context.api().get("/v1/system");
  const bool absent = !system && system.error().code == Code::kUnavailable;
  if (!absent || !context.service.left_hosts()) return system;
  if (auto started = context.service.start({}); !started) {
    return fail(Code::kInternal,
                "containers of a service that was killed still run: " + started.error().message,
                started.error().hint);
  }
  return context.api().get("/v1/system");
}

Result<int> run(Context& context, const Invocation&) {
  const auto system = running_system(context);
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
