// Pulls and pushes. The answer is the result; with ?progress=1 it is a story, one JSON object a
// line, that ends with the result:
//
//     {"event": "item" | "note", ...}                      as in engine/transfer_progress.hpp
//     {"event": "done", "result": R} or {"event": "failed", "problem": P}     the last line
//
// What is refused before there is anything to tell keeps its own status. A client that reads slowly
// misses items in between, never the last line; one that leaves calls its transfer off.
#include "core/api/problem.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

constexpr size_t kMostQueued = 256 * 1024;
constexpr const char* kStory = "application/x-ndjson";

class Storyteller : public std::enable_shared_from_this<Storyteller> {
 public:
  explicit Storyteller(ExchangePtr exchange) : exchange_(std::move(exchange)) {}

  engine::TransferProgress progress() {
    if (!exchange_->target().flag("progress")) return engine::TransferProgress();
    return engine::TransferProgress([self = shared_from_this()](const Json& line) {
      if (self->exchange_->queued() < kMostQueued) self->tell(line);
    });
  }

  void end(const Result<Json>& result) {
    if (!begun_ && (!result || !exchange_->target().flag("progress")))
      return exchange_->answer(result);
    tell(result ? Json{{"event", "done"}, {"result", *result}}
                : Json{{"event", "failed"}, {"problem", problem_document(result.error())}});
    exchange_->end();
  }

 private:
  void tell(const Json& line) {
    if (!std::exchange(begun_, true)) exchange_->begin(200, kStory);
    exchange_->write(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }

  ExchangePtr exchange_;
  bool begun_ = false;
};

Status check(const Json& body) {
  const Json reference = body.value("reference", Json());
  if (!reference.is_string() || reference.get<std::string>().empty())
    return bulkhead::fail(Code::kInvalid, "reference must name an image");
  const std::string scheme = body.value("scheme", "auto");
  if (scheme != "auto" && scheme != "http" && scheme != "https")
    return bulkhead::fail(Code::kInvalid, "scheme must be auto, http or https, not " + scheme);
  const int64_t most = body.value("maxConcurrentDownloads", int64_t{3});
  if (most < 1 || most > 64)
    return bulkhead::fail(Code::kInvalid, "maxConcurrentDownloads must be 1 to 64");
  return {};
}

// A null counts as absent.
Json request_of(const ExchangePtr& exchange) {
  Json request = Json::object();
  for (const auto& [key, value] : exchange->body().items())
    if (!value.is_null()) request[key] = value;
  if (!request.contains("scheme")) request["scheme"] = "auto";
  return request;
}

using Transfer = void (engine::Images::*)(const Json&, engine::TransferProgress,
                                          const engine::InterestPtr&, const model::Origin&,
                                          engine::Answer);

void transfer(const ExchangePtr& exchange, engine::Engine& engine, Transfer transfer) {
  const Json request = request_of(exchange);
  if (Status good = check(request); !good) return exchange->fail(good.error());
  auto story = std::make_shared<Storyteller>(exchange);
  (engine.images().*transfer)(request, story->progress(), interest_of(exchange),
                              origin_of(*exchange),
                              [story](const Result<Json>& result) { story->end(result); });
}

}  // namespace

void add_transfer_routes(Router& router, engine::Engine& engine) {
  router.add(
      {"POST",
       "/v1/images/pull",
       {Body::kJson, "ImagePullRequest"},
       "Pull an image from a registry",
       {{"progress", "tell how it goes, as lines", "Flag"}},
       {answers("Image"),
        {200, "With progress: lines, of which the last is the result.", kStory, "TransferLine"},
        refuses(403, "The registry wants a login, or denies this one."),
        refuses(404, "The registry has no such image, or not for this platform.")},
       [&engine](const ExchangePtr& exchange) {
         transfer(exchange, engine, &engine::Images::pull);
       }});
  router.add(
      {"POST",
       "/v1/images/push",
       {Body::kJson, "ImagePushRequest"},
       "Push an image to a registry",
       {{"progress", "tell how it goes, as lines", "Flag"}},
       {answers("ImagePushed"),
        {200, "With progress: lines, of which the last is the result.", kStory, "TransferLine"},
        refuses(403, "The registry wants a login, or denies this one."),
        kNoImage},
       [&engine](const ExchangePtr& exchange) {
         transfer(exchange, engine, &engine::Images::push);
       }});
}

}  // namespace bulkhead::api
