// Logs: a container's output and boot log as stream frames, the service's own log as text.
#include "bulkhead/log_record.hpp"
#include "bulkhead/stream_frame.hpp"
#include "core/api/follower.hpp"
#include "model/time_text.hpp"
#include "model/views.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

constexpr const char* kStreamType = "application/vnd.bulkhead.stream";

// The number of a query, or the fallback; nullopt if it is none.
std::optional<size_t> number(const std::optional<std::string>& text, size_t fallback) {
  if (!text) return fallback;
  if (text->empty() || text->size() > 9 || text->find_first_not_of("0123456789") != text->npos)
    return std::nullopt;
  return std::stoul(*text);
}

std::string frames_of(StreamType type, std::string_view text) {
  std::string frames;
  append_stream_frames(frames, type, text);
  return frames;
}

std::string render_record(const std::string& line, bool timestamps) {
  auto record = parse_log_record(line);
  if (!record) return {};
  std::string text = timestamps ? model::time_micros(record->time_us) + " " : "";
  text += record->text;
  if (!record->partial) text += '\n';
  return frames_of(static_cast<StreamType>(record->stream), text);
}

void container_logs(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string id = container_id(exchange, engine);
  if (id.empty()) return;
  auto tail = number(exchange->target().get("tail"), SIZE_MAX);
  if (!tail) return exchange->fail({Code::kInvalid, "tail is a number of lines", {}});
  bool boot = exchange->target().flag("boot");
  bool timestamps = exchange->target().flag("timestamps");
  Follower::Source source;
  source.path = engine.containers().directory(id) + (boot ? "/boot.log" : "/container.log");
  source.rotated = !boot;
  source.tail = *tail;
  source.follow = exchange->target().flag("follow");
  source.ended = [&engine, id] {
    const model::ContainerState* container = engine.state().container(id);
    return !container || !container->up();
  };
  source.render = [boot, timestamps](const std::string& line) {
    return boot ? frames_of(StreamType::kStdout, line + "\n") : render_record(line, timestamps);
  };
  if (!boot)
    source.piece = [](const std::string& line) {
      auto record = parse_log_record(line);
      return record ? LinePiece{static_cast<int>(record->stream), !record->partial} : LinePiece{};
    };
  if (boot)
    source.render_rest = [](const std::string& rest) {
      return frames_of(StreamType::kStdout, rest);
    };
  Follower::start(engine.loop(), exchange, kStreamType, std::move(source));
}

// Lines begin with their time in one fixed width, so they compare as text.
void system_logs(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string since;
  if (auto text = exchange->target().get("since")) {
    auto time = model::parse_time(*text);
    if (!time)
      return exchange->fail({Code::kInvalid, "since must be an RFC 3339 time, not " + *text, {}});
    since = model::time_micros(*time);
  }
  Follower::Source source;
  source.path = engine.paths().logs + "/apiserver.log";
  source.follow = exchange->target().flag("follow");
  source.ended = [] { return false; };
  source.render = [since](const std::string& line) {
    return line >= since ? line + "\n" : std::string();
  };
  Follower::start(engine.loop(), exchange, "text/plain; charset=utf-8", std::move(source));
}

}  // namespace

void add_log_routes(Router& router, engine::Engine& engine) {
  router.add(
      {"GET",
       "/v1/containers/{id}/logs",
       Body::kNone,
       "A container's output, as stream frames",
       {{"follow", "go on until it ends", "Flag"},
        {"tail", "only the last n lines", "Count"},
        {"timestamps", "each line begins with its time", "Flag"},
        {"boot", "the VM's boot log instead", "Flag"}},
       {answers_bytes(kStreamType, "8-byte frames: 1 stdout, 2 stderr; a boot log is all 1."),
        kNoContainer, kAmbiguous},
       [&engine](const ExchangePtr& exchange) { container_logs(exchange, engine); }});
  router.add({"GET",
              "/v1/system/logs",
              Body::kNone,
              "The service's log",
              {{"follow", "go on with what is written", "Flag"}, {"since", "not before", "Time"}},
              {{200, "Lines that begin with their time.", "text/plain", "Text"}},
              [&engine](const ExchangePtr& exchange) { system_logs(exchange, engine); }});
}

}  // namespace bulkhead::api
