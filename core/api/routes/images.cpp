// Images. Archives travel as descriptors (see Exchange::take_fd), a saved one straight into the
// client's connection.
#include "model/views.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

void load(const ExchangePtr& exchange, engine::Engine& engine) {
  const Target& target = exchange->target();
  Json request = {{"label", target.get("name").value_or("the archive")}};
  if (target.flag("force")) request["force"] = true;
  engine.images().load(request, exchange->take_fd(), interest_of(exchange), origin_of(*exchange),
                       [exchange](const Result<Json>& result) { exchange->answer(result); });
}

// "linux/arm64/v8"
Result<Json> parse_platform(const std::string& text) {
  size_t first = text.find('/');
  if (first == text.npos || first == 0 || first + 1 == text.size())
    return bulkhead::fail(Code::kInvalid, "a platform is os/architecture[/variant], not " + text);
  size_t second = text.find('/', first + 1);
  Json platform = {{"os", text.substr(0, first)},
                   {"architecture",
                    text.substr(first + 1, second == text.npos ? text.npos : second - first - 1)}};
  if (second != text.npos) platform["variant"] = text.substr(second + 1);
  return platform;
}

void import_root(const ExchangePtr& exchange, engine::Engine& engine) {
  const Target& target = exchange->target();
  Json request = {{"label", target.get("name").value_or("the archive")},
                  {"platform", engine::host_platform()}};
  if (auto reference = target.get("reference"); reference && !reference->empty())
    request["reference"] = *reference;
  if (auto message = target.get("message")) request["message"] = *message;
  if (auto text = target.get("platform")) {
    auto platform = parse_platform(*text);
    if (!platform) return exchange->fail(platform.error());
    request["platform"] = *platform;
  }
  if (auto text = target.get("config")) {
    Json config = Json::parse(*text, nullptr, false);
    if (!config.is_object())
      return exchange->fail({Code::kInvalid, "config must be a JSON object", {}});
    request["config"] = std::move(config);
  }
  engine.images().import_root(request, exchange->take_fd(), interest_of(exchange),
                              origin_of(*exchange),
                              [exchange](const Result<Json>& result) { exchange->answer(result); });
}

void save(const ExchangePtr& exchange, engine::Engine& engine) {
  if (exchange->has_fd()) {
    return engine.images().save(
        exchange->body(), exchange->take_fd(), interest_of(exchange), origin_of(*exchange),
        [exchange](const Result<Json>& result) { exchange->answer(result); });
  }
  // What can be refused is refused while a status can still be sent.
  const Json references = exchange->body().value("references", Json::array());
  if (references.empty()) return exchange->fail({Code::kInvalid, "no image named to save", {}});
  for (const Json& reference : references) {
    auto found = model::find_image(engine.state(),
                                   reference.is_string() ? reference.get<std::string>() : "");
    if (!found) return exchange->fail(found.error());
  }
  auto connection = exchange->hand_over(
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nConnection: close\r\n\r\n");
  if (!connection) return;
  engine.images().save(exchange->body(), std::move(*connection),
                       std::make_shared<engine::Interest>(), origin_of(*exchange),
                       [](const Result<Json>&) {});
}

void tag(const ExchangePtr& exchange, engine::Engine& engine) {
  const Json& body = exchange->body();
  Json source = body.value("source", Json()), target = body.value("target", Json());
  if (!source.is_string() || !target.is_string())
    return exchange->fail({Code::kInvalid, "source and target must be image references", {}});
  engine.images().tag(source, target, origin_of(*exchange),
                      [exchange](const Result<Json>& result) { exchange->answer(result); });
}

}  // namespace

void add_image_routes(Router& router, engine::Engine& engine) {
  auto answer = [](const ExchangePtr& exchange) {
    return [exchange](const Result<Json>& result) { exchange->answer(result); };
  };
  router.add({"GET",
              "/v1/images",
              Body::kNone,
              "List images",
              {kAt},
              {answers("ImageList")},
              [&engine](const ExchangePtr& exchange) {
                with_state(exchange, engine, [](const model::State& state) -> Result<Json> {
                  return model::images_view(state);
                });
              }});
  router.add({"POST",
              "/v1/images/load",
              Body::kStream,
              "Load an OCI or docker archive",
              {{"name", "the archive's file name, for messages"},
               {"force", "skip members that are refused", "Flag"}},
              {answers("ImagesLoaded"), refuses(422, "The archive is damaged, or lies.")},
              [&engine](const ExchangePtr& exchange) { load(exchange, engine); }});
  router.add({"POST",
              "/v1/images/import",
              Body::kStream,
              "Make an image of a root file system archive",
              {{"reference", "the image's name"},
               {"name", "the archive's file name, for messages"},
               {"config", "OCI config as JSON"},
               {"platform", "default: this host's", "PlatformText"},
               {"message", "for the image's history"}},
              {answers("Image"), refuses(422, "The archive is damaged, or lies.")},
              [&engine](const ExchangePtr& exchange) { import_root(exchange, engine); }});
  router.add({"POST",
              "/v1/images/save",
              {Body::kJson, "ImageSaveRequest"},
              "Write images as an OCI archive",
              {{"Bulkhead-Fd", "where the archive goes", "PassedDescriptor", "header"}},
              {answers("ImagesSaved"),
               answers_bytes("application/x-tar",
                             "Without a descriptor: the archive itself, up to the end of the "
                             "connection."),
               kNoImage},
              [&engine](const ExchangePtr& exchange) { save(exchange, engine); }});
  router.add({"POST",
              "/v1/images/tag",
              {Body::kJson, "ImageTagRequest"},
              "Give an image another name",
              {},
              {answers("Image"), kNoImage},
              [&engine](const ExchangePtr& exchange) { tag(exchange, engine); }});
  router.add({"POST",
              "/v1/images/prune",
              Body::kNone,
              "Delete dangling images",
              {{"all", "also named ones that no container uses", "Flag"}},
              {answers("ImagesRemoved")},
              [&engine, answer](const ExchangePtr& exchange) {
                engine.images().prune(exchange->target().flag("all"), origin_of(*exchange),
                                      answer(exchange));
              }});
  router.add({"GET",
              "/v1/images/{ref}",
              Body::kNone,
              "Inspect an image",
              {kAt},
              {answers("Image"), kNoImage},
              [&engine](const ExchangePtr& exchange) {
                with_state(
                    exchange, engine,
                    [ref = exchange->param("ref")](const model::State& state) -> Result<Json> {
                      auto found = model::find_image(state, ref);
                      if (!found) return bulkhead::fail(std::move(found.error()));
                      return model::image_view(state, **found);
                    });
              }});
  router.add({"DELETE",
              "/v1/images/{ref}",
              Body::kNone,
              "Delete an image's name, and its bytes if nothing else holds them",
              {{"force", "also if a container uses it", "Flag"}},
              {answers("ImagesRemoved"), kNoImage, refuses(409, "A container uses it.")},
              [&engine, answer](const ExchangePtr& exchange) {
                engine.images().remove(exchange->param("ref"), exchange->target().flag("force"),
                                       origin_of(*exchange), answer(exchange));
              }});
}

}  // namespace bulkhead::api
