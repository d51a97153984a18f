// The journal, as it is read: events with filters, the history of one name, verification.
#include <algorithm>
#include <set>

#include "core/api/event_feed.hpp"
#include "model/time_text.hpp"
#include "model/views.hpp"
#include "routes.hpp"
#include "store/verify.hpp"

namespace bulkhead::api {
namespace {

Result<int64_t> integer(const std::string& name, const std::string& text) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != text.npos)
    return bulkhead::fail(Code::kInvalid, name + " must be a number, not " + text);
  return std::stoll(text);
}

Result<int64_t> time_of(const std::string& name, const std::string& text) {
  auto time = model::parse_time(text);
  if (!time) return bulkhead::fail(Code::kInvalid, name + " must be an RFC 3339 time, not " + text);
  return *time;
}

template <class T>
Status assign(std::optional<T>& to, const Result<int64_t>& from) {
  if (!from) return bulkhead::fail(from.error());
  to = *from;
  return {};
}

Result<store::Filter> filter_of(const Target& target) {
  store::Filter filter;
  filter.stream = target.get("stream").value_or("");
  filter.type = target.get("type").value_or("");
  Status status;
  if (auto text = target.get("phase")) {
    filter.phase = model::phase_from_name(*text);
    if (!filter.phase)
      return bulkhead::fail(Code::kInvalid, "phase is fact, intent or outcome, not " + *text);
  }
  if (auto text = target.get("uid"); status && text)
    status = assign(filter.uid, integer("uid", *text));
  if (auto text = target.get("root"); status && text)
    status = assign(filter.root, integer("root", *text));
  if (auto text = target.get("since"); status && text)
    status = assign(filter.since_us, time_of("since", *text));
  if (auto text = target.get("until"); status && text) {
    bool is_seq = text->find_first_not_of("0123456789") == text->npos;
    status = is_seq ? assign(filter.until_seq, integer("until", *text))
                    : assign(filter.until_us, time_of("until", *text));
  }
  if (!status) return bulkhead::fail(std::move(status.error()));
  return filter;
}

// "<journal>:<seq>" or "<seq>". A cursor of another journal, or before what is kept, is of another
// life: 410.
Result<model::Seq> after_of(const Target& target, const store::Reader& reader) {
  auto text = target.get("after");
  auto first = reader.first();
  if (!first) return bulkhead::fail(std::move(first.error()));
  if (!text) return *first - 1;
  size_t colon = text->rfind(':');
  auto seq = integer("after", colon == text->npos ? *text : text->substr(colon + 1));
  if (!seq) return seq;
  bool foreign = colon != text->npos && text->substr(0, colon) != reader.uuid();
  if (foreign || *seq < *first - 1)
    return bulkhead::fail(Code::kNotFound, "the cursor " + *text +
                                               " is not of this journal, whose first event is " +
                                               reader.uuid() + ":" + std::to_string(*first));
  return *seq;
}

void gone(const ExchangePtr& exchange, const Error& error) {
  if (error.code != Code::kNotFound) return exchange->fail(error);
  exchange->reply(410, {{"type", "urn:bulkhead:error:gone"},
                        {"title", "Gone"},
                        {"status", 410},
                        {"detail", error.message},
                        {"code", 3}});
}

void feed(const ExchangePtr& exchange, engine::Engine& engine, EventFeed::Wanted wanted) {
  auto reader = store::Reader::open(engine.ledger().journal().path());
  if (!reader) return exchange->fail(reader.error());
  auto after = after_of(exchange->target(), *reader);
  if (!after) return gone(exchange, after.error());
  wanted.after = *after;
  wanted.follow = exchange->target().flag("follow");
  if (auto text = exchange->target().get("limit")) {
    auto limit = integer("limit", *text);
    if (!limit) return exchange->fail(limit.error());
    wanted.limit = static_cast<size_t>(*limit);
  }
  EventFeed::start(exchange, engine, std::move(*reader), std::move(wanted));
}

void events(const ExchangePtr& exchange, engine::Engine& engine) {
  auto filter = filter_of(exchange->target());
  if (!filter) return exchange->fail(filter.error());
  EventFeed::Wanted wanted;
  wanted.filter = std::move(*filter);
  feed(exchange, engine, std::move(wanted));
}

// What a name of its own is kept for. A name that two kinds share is told apart by writing the kind
// before it, as in the stream: "network/web".
constexpr std::string_view kNamed[] = {"container/", "network/", "volume/"};

bool is_stream_of(std::string_view stream, std::string_view name) {
  return std::any_of(std::begin(kNamed), std::end(kNamed), [&](std::string_view kind) {
    return stream.starts_with(kind) && (stream == name || stream.substr(kind.size()) == name);
  });
}

// Streams "container/NAME", "network/NAME", "volume/NAME" and "image/...NAME...", and whatever
// shares a root with their events. One pass suffices: a chain's first event comes before the rest
// of it, and events of the name open their chain to all that follow.
std::function<bool(const model::Event&)> about(const std::string& name) {
  auto roots = std::make_shared<std::set<model::Seq>>();
  return [name, roots](const model::Event& event) {
    std::string_view key = event.key();
    bool image = event.stream.starts_with("image/") &&
                 (key == name || key.ends_with("/" + name) ||
                  key.ends_with("/" + name + ":latest") || key == name + ":latest");
    if (is_stream_of(event.stream, name) || image) {
      roots->insert(event.root);
      return true;
    }
    return roots->contains(event.root);
  };
}

void history(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string name = exchange->param("name");
  auto reader = store::Reader::open(engine.ledger().journal().path());
  if (!reader) return exchange->fail(reader.error());
  std::vector<std::string> globs = {"image/" + name, "image/*/" + name, "image/*/" + name + ":*"};
  for (const std::string_view kind : kNamed) globs.push_back(std::string(kind) + name);
  if (is_stream_of(name, name)) globs.push_back(name);
  bool known = false;
  for (const std::string& glob : globs) {
    auto streams = reader->streams(glob);
    if (!streams) return exchange->fail(streams.error());
    known = known || !streams->empty();
  }
  // The beginning of a container's name does, as everywhere.
  if (!known) {
    auto found = model::find_container(engine.state(), name);
    if (!found && found.error().code == Code::kConflict) return exchange->fail(found.error());
    if (found) name = (*found)->id;
    known = found.has_value();
  }
  if (!known)
    return exchange->fail(
        {Code::kNotFound, "nothing has ever happened to anything named " + name, {}});
  EventFeed::Wanted wanted;
  wanted.also = about(name);
  feed(exchange, engine, std::move(wanted));
}

void verify(const ExchangePtr& exchange, engine::Engine& engine) {
  auto result =
      std::make_shared<Result<store::Verification>>(bulkhead::fail(Code::kInternal, "not run"));
  engine.work(
      [path = engine.ledger().journal().path(), result] {
        auto reader = store::Reader::open(path);
        *result = reader ? store::verify(*reader) : bulkhead::fail(reader.error());
      },
      [exchange, result] {
        if (!*result) return exchange->fail(result->error());
        exchange->reply(200, {{"ok", (*result)->ok()},
                              {"events", (*result)->events},
                              {"problems", (*result)->problems},
                              {"openOperations", (*result)->open}});
      });
}

}  // namespace

void add_event_routes(Router& router, engine::Engine& engine) {
  router.add({"GET",
              "/v1/events",
              Body::kNone,
              "Events of the journal, one JSON object a line",
              {{"after", "only later ones", "Position"},
               {"until", "up to there", "Moment"},
               {"since", "not before", "Time"},
               {"stream", "only streams like that", "Glob"},
               {"type", "only types like that", "Glob"},
               {"phase", "only this phase", "Phase"},
               {"uid", "of the actor", "Count"},
               {"root", "only this chain of causes", "Seq"},
               {"limit", "at most so many", "Count"},
               {"follow", "go on with what happens", "Flag"}},
              {{200, nullptr, "application/x-ndjson", "EventLine"},
               refuses(410, "The position is of another journal, or before its first event.")},
              [&engine](const ExchangePtr& exchange) { events(exchange, engine); }});
  router.add(
      {"GET",
       "/v1/history/{name}",
       Body::kNone,
       "Everything that happened to a container, image, network or volume",
       {{"follow", "go on with what happens", "Flag"}, {"limit", "at most so many", "Count"}},
       {{200, nullptr, "application/x-ndjson", "EventLine"},
        refuses(404, "Nothing has ever happened to anything of that name."),
        kAmbiguous},
       [&engine](const ExchangePtr& exchange) { history(exchange, engine); }});
  router.add({"GET",
              "/v1/journal/verify",
              Body::kNone,
              "Check the journal against its own rules",
              {},
              {answers("VerifyReport")},
              [&engine](const ExchangePtr& exchange) { verify(exchange, engine); }});
}

}  // namespace bulkhead::api
