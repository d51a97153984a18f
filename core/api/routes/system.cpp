// The service itself: ping, status, stop, disk usage, kernel.
#include <unistd.h>

#include "bulkhead/version.hpp"
#include "model/read_json.hpp"
#include "model/volume_view.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

void status(const ExchangePtr& exchange, engine::Engine& engine) {
  auto kernel = engine.kernels().current();
  exchange->reply(
      200, {{"status", "running"},
            {"appRoot", engine.paths().data},
            {"installRoot", engine.install().prefix},
            {"logRoot", engine.paths().logs},
            {"apiServerVersion", kVersion},
            {"apiServerCommit", kCommit},
            {"apiServerBuild", kBuildType},
            {"apiServerAppName", "container-apiserver"},
            {"pid", getpid()},
            {"journal", {{"id", engine.ledger().journal().uuid()}, {"seq", engine.state().seq}}},
            {"accelerator", engine.accelerator().describe()},
            {"kernel", kernel ? Json(*kernel) : Json()},
            {"dns", engine.host_names().describe()}});
}

Json usage(size_t total, size_t active, int64_t bytes, int64_t reclaimable) {
  return {
      {"total", total}, {"active", active}, {"sizeInBytes", bytes}, {"reclaimable", reclaimable}};
}

// An image is active if a container uses it; its bytes can be reclaimed otherwise.
Json image_usage(const model::State& state, const Json& used) {
  std::map<std::string, int64_t> bytes;
  for (const Json& image : model::member(used, "images"))
    bytes[model::read_text(image, "digest")] = model::read_integer(image, "bytes").value_or(0);
  std::map<std::string, bool> active;  // by digest: two names of one image are one image
  for (const auto& [name, image] : state.images) active[image.digest];
  for (const auto& [digest, image] : state.dangling) active[digest];
  for (const auto& [id, container] : state.containers)
    for (const std::string& digest : {container.image_digest, container.init_image_digest})
      if (!digest.empty()) active[digest] = true;
  int64_t reclaimable = 0;
  size_t in_use = 0;
  for (const auto& [digest, is_active] : active) {
    if (is_active) ++in_use;
    if (!is_active) reclaimable += bytes[digest];
  }
  return usage(active.size(), in_use, model::read_integer(used, "imagesBytes").value_or(0),
               reclaimable);
}

Json container_usage(engine::Engine& engine, const Json& used) {
  const Json& bytes = model::member(used, "containers");
  int64_t total = 0, reclaimable = 0;
  size_t active = 0, count = 0;
  for (const auto& [id, container] : engine.state().containers) {
    if (!container.exists()) continue;
    ++count;
    int64_t size =
        model::read_integer(bytes, id.c_str()).value_or(0) + engine.containers().log_bytes(id);
    total += size;
    if (container.up()) {
      ++active;
    } else {
      reclaimable += size;
    }
  }
  return usage(count, active, total, reclaimable);
}

// Any of them can go: what is a clone of it keeps what it has mapped.
Json template_usage(const model::State& state) {
  int64_t bytes = 0;
  for (const auto& [key, saved] : state.templates) bytes += saved.bytes;
  return usage(state.templates.size(), 0, bytes, bytes);
}

void disk_usage(const ExchangePtr& exchange, engine::Engine& engine) {
  engine.storage().ask(
      "storage.usage", Json::object(), [exchange, &engine](const Result<Json>& used) {
        if (!used) return exchange->fail(used.error());
        exchange->reply(200, {{"images", image_usage(engine.state(), *used)},
                              {"containers", container_usage(engine, *used)},
                              {"volumes", model::volumes_usage(engine.state(), *used)},
                              {"templates", template_usage(engine.state())}});
      });
}

void set_kernel(const ExchangePtr& exchange, engine::Engine& engine) {
  const Target& target = exchange->target();
  engine::Kernels::Set command;
  command.source = target.get("source").value_or("");
  command.name = target.get("name").value_or("");
  command.member = target.get("member").value_or("");
  command.digest = target.get("digest").value_or("");
  command.architecture = target.get("arch").value_or("");
  command.force = target.flag("force");
  if (command.source != "binary" && command.source != "tar" && command.source != "recommended")
    return exchange->fail({Code::kInvalid, "source is binary, tar or recommended", {}});
  if (command.source != "recommended" && command.name.empty())
    return exchange->fail({Code::kInvalid, "a kernel needs a name to be kept under", {}});
  if (command.source == "tar" && command.member.empty())
    return exchange->fail({Code::kInvalid, "which member of the archive is the kernel?",
                           "give its path with --binary"});
  command.file = exchange->take_fd();
  engine.kernels().set(std::move(command), origin_of(*exchange),
                       [exchange](const Result<Json>& result) { exchange->answer(result); });
}

}  // namespace

void add_system_routes(Router& router, engine::Engine& engine) {
  router.add({"GET",
              "/v1/ping",
              Body::kNone,
              "Is the service there?",
              {},
              {answers("Ping")},
              [](const ExchangePtr& exchange) {
                exchange->reply(200, {{"version", kVersion}});
              }});
  router.add({"GET",
              "/v1/system",
              Body::kNone,
              "Versions, places and state of the service",
              {},
              {answers("System")},
              [&engine](const ExchangePtr& exchange) { status(exchange, engine); }});
  router.add({"POST",
              "/v1/system/stop",
              Body::kNone,
              "Stop every container, then the service",
              {},
              {answers("Nothing", 202)},
              [&engine](const ExchangePtr& exchange) {
                exchange->reply(202, Json::object());
                engine.request_stop(origin_of(*exchange));
              }});
  router.add({"GET",
              "/v1/system/df",
              Body::kNone,
              "Disk usage",
              {},
              {answers("DiskUsage")},
              [&engine](const ExchangePtr& exchange) { disk_usage(exchange, engine); }});
  router.add({"PUT",
              "/v1/system/kernel",
              Body::kStream,
              "Install a kernel for new VMs",
              {{"source", "what is sent; recommended: nothing, back to this version's own",
                "KernelSource"},
               {"name", "the file name to keep it under"},
               {"member", "the kernel's path in the tar"},
               {"digest", "of what is sent", "Digest"},
               {"arch", "default: this host's", "Architecture"},
               {"force", "replace one of the same name", "Flag"}},
              {answers("Kernel"), refuses(409, "Another one has that name."),
               refuses(422, "That is no kernel.")},
              [&engine](const ExchangePtr& exchange) { set_kernel(exchange, engine); }});
}

}  // namespace bulkhead::api
