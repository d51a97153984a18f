// exec: intent; the process starts in the guest; outcome with its pid. Its end comes later, as a
// report (container_reports.cpp).
#include "containers.hpp"
#include "model/container_decide.hpp"
#include "model/facts.hpp"
#include "model/guest_bodies.hpp"
#include "model/read_json.hpp"

namespace bulkhead::engine {

void Containers::exec(Exec command, const model::Origin& origin, Answer done) {
  std::string exec = "exec-" + std::to_string(next_exec_++) + "-" + std::to_string(state().seq);
  Operations::Steps steps;
  steps.decide = [this, command, exec,
                  origin](const model::State& state) -> Result<model::Decision> {
    if (auto open = check_open(); !open) return fail(std::move(open.error()));
    return model::decide_exec(state, {command.id, exec, command.process, command.detach}, origin);
  };
  steps.effect = [this, command, exec](const model::Event& intent, const Report& report) {
    const model::ContainerState* container = state().container(command.id);
    PluginPort* host = parts_.hosts.find(command.id);
    if (!container || !host)
      return report({fail(Code::kConflict, "container " + command.id + " has just ended"), {}});
    auto process = model::exec_process_request(container->configuration, command.process);
    if (!process) return report({fail(std::move(process.error())), {}});
    if (const Json& size = model::member(command.process, "size"); size.is_object())
      (*process)["size"] = size;
    Json request = {{"exec", exec},
                    {"process", std::move(*process)},
                    {"attach", !command.detach},
                    {"stdin", !command.detach && model::read_flag(command.process, "interactive")}};
    std::vector<UniqueFd> fds;
    if (!command.detach) {
      auto connection = command.take_connection();
      if (!connection) return report({fail(std::move(connection.error())), {}});
      fds.push_back(std::move(*connection));
    }
    host->call(static_cast<uint64_t>(intent.seq), "runtime.exec", request, std::move(fds),
               [report](Result<Json> started) {
                 report({std::move(started), {}});
               });
  };
  steps.answer = [id = command.id](const model::Operation& intent, const Json&) {
    return Json{{"id", id}, {"exec", model::read_text(intent.data, "exec")}};
  };
  parts_.operations.perform(origin, std::move(steps), std::move(done));
}

// A host answers an operation of an earlier daemon by itself (host_completed); this is for one that
// never heard of it.
void Containers::recover_exec(const model::Operation& operation, std::function<void()> done) {
  std::string id = operation.stream.substr(operation.stream.find('/') + 1);
  auto lose = [this, operation, done] {
    parts_.operations.lose(operation, "the service ended before the command started", done);
  };
  PluginPort* host = parts_.hosts.find(id);
  if (!host) return lose();
  host->ask("runtime.inspect", Json::object(),
            [this, operation, lose, done](const Result<Json>& inspected) {
              if (!inspected) return lose();
              for (const Json& process : model::member(*inspected, "processes"))
                if (process == model::member(operation.data, "exec"))
                  return parts_.operations.conclude(operation, {}, {Json::object(), {}, true},
                                                    [done](const Result<Json>&) { done(); });
              lose();
            });
}

}  // namespace bulkhead::engine
