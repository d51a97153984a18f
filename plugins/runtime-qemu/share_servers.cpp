#include "share_servers.hpp"

#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace bulkhead::qemu {
namespace {

User this_user() {
  return {::geteuid(), ::getegid()};
}

bool can_run(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

ShareServers::ShareServers(loop::Loop& loop, const Config& config,
                           std::function<void(const std::string&)> lost)
    : loop_(loop), virtiofsd_(config.virtiofsd), folder_(config.run_dir), lost_(std::move(lost)) {}

bool machines_are_cloned(const Machine& machine) {
  return machine.cloning || machine.from.has_value();
}

Status ShareServers::serve(Machine& machine) {
  end();
  const bool left_to_clones =
      machine.share_transport == ShareTransport::kAuto && machines_are_cloned(machine);
  for (Share& share : machine.shares) {
    share.virtiofs = false;
    share.why_9p = left_to_clones ? "machines are cloned, which starts them sooner" : "";
  }
  if (left_to_clones || machine.shares.empty() || machine.share_transport == ShareTransport::k9p)
    return {};
  const char* path = std::getenv("PATH");
  auto virtiofsd = find_virtiofsd(virtiofsd_, path ? path : "", this_user(), can_run);
  for (Share& share : machine.shares) {
    Status served = virtiofsd ? serve(share, *virtiofsd) : Status(fail(virtiofsd.error()));
    if (served) continue;
    if (machine.share_transport == ShareTransport::kVirtiofs) {
      end();
      return served;
    }
    share.why_9p = served.error().message;
  }
  return {};
}

Status ShareServers::serve(Share& share, const std::string& virtiofsd) {
  const std::string socket = folder_ + "/virtiofsd-" + std::to_string(servers_.size()) + ".sock";
  auto server = ShareServer::start(loop_, virtiofsd, share, this_user(), socket,
                                   [this, path = share.path](const std::string& how) {
                                     lost_("the virtiofsd of " + path + " " + how);
                                   });
  if (!server) return fail(std::move(server.error()));
  servers_.push_back(std::move(*server));
  share.virtiofs = true;
  return {};
}

std::vector<int> ShareServers::connections() const {
  std::vector<int> fds;
  for (const auto& server : servers_) fds.push_back(server->connection().get());
  return fds;
}

void ShareServers::let_go() {
  for (const auto& server : servers_) server->let_go();
}

void ShareServers::end() {
  servers_.clear();
}

}  // namespace bulkhead::qemu
