#include "plugin_host.hpp"

#include <filesystem>

#include "host_link.hpp"

namespace bulkhead::plugins {

PluginHost::PluginHost(std::shared_ptr<Link> link) : link_(std::move(link)) {}
PluginHost::~PluginHost() {
  link_->abandon();
}

Result<std::unique_ptr<PluginHost>> PluginHost::spawn(loop::Loop& loop, const Command& command,
                                                      Events events, Patience patience) {
  const std::string name = std::filesystem::path(command.plugin).stem();
  auto link = std::make_shared<Link>(loop, name, std::move(events), patience);
  if (auto spawned = link->spawn(command); !spawned) return fail(std::move(spawned.error()));
  return std::unique_ptr<PluginHost>(new PluginHost(std::move(link)));
}

Result<std::unique_ptr<PluginHost>> PluginHost::adopt(loop::Loop& loop, const std::string& socket,
                                                      Events events, Patience patience) {
  const std::string name = std::filesystem::path(socket).stem();
  auto link = std::make_shared<Link>(loop, name, std::move(events), patience);
  if (auto adopted = link->adopt(socket); !adopted) return fail(std::move(adopted.error()));
  return std::unique_ptr<PluginHost>(new PluginHost(std::move(link)));
}

pid_t PluginHost::pid() const {
  return link_->pid();
}

void PluginHost::start(const Json& config, std::function<void(Status)> done) {
  link_->start(dump_json(config), std::move(done));
}

void PluginHost::call(uint64_t op, const std::string& method, const Json& request,
                      std::vector<UniqueFd> fds, Done done) {
  link_->call(op, method, dump_json(request), std::move(fds), std::move(done));
}

void PluginHost::cancel(uint64_t op) {
  link_->send(FrameKind::kCancel, op);
}
void PluginHost::ack(uint64_t report) {
  link_->send(FrameKind::kAck, report);
}
void PluginHost::stop() {
  link_->stop();
}
void PluginHost::kill() {
  link_->kill("was killed");
}

}  // namespace bulkhead::plugins
