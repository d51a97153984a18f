#include "templates.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>

#include "log.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/template_shape.hpp"
#include "sha256.hpp"

namespace bulkhead::engine {
namespace {

// After a start, before its template is booted: whoever started a container wants to see it first.
constexpr uint64_t kPatienceMs = 3'000;
constexpr uint64_t kIdleMs = 30'000;
// Emulation on a busy machine.
constexpr int64_t kBuildDeadlineMs = 180'000;
constexpr size_t kKeySize = 16;
// What the runtime adds to a container's memory is its business: the file is larger than any sum,
// and sparse. QEMU maps as much of it as its machine has.
constexpr uint64_t kRamFileSlack = uint64_t{1} << 30;

std::string key_of(const Json& shape) {
  Sha256 digest;
  digest.update(shape.dump());
  return digest.finish().substr(std::string_view("sha256:").size(), kKeySize);
}

Result<UniqueFd> duplicate(const UniqueFd& fd) {
  UniqueFd copy(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return fail_errno("duplicate a template's descriptor", errno);
  return copy;
}

}  // namespace

Templates::Templates(Parts parts)
    : parts_(std::move(parts)),
      patience_(parts_.loop, [this] { build_next(); }),
      idle_(parts_.loop, [this] {
        const Json shape = model::template_shape(parts_.usual());
        if (enabled() && !shape.is_null() && !state().templates.contains(key_of(shape)))
          want(shape, [](const Result<Json>&) {});
      }) {}

bool Templates::enabled() const {
  return model::property_value(state(), "template.enabled").value_or("true") == "true";
}

std::optional<Templates::Source> Templates::take(const std::string& key) {
  auto known = state().templates.find(key);
  auto files = loaded_.find(key);
  if (known == state().templates.end() || files == loaded_.end()) return std::nullopt;
  auto ram = duplicate(files->second.ram);
  auto saved = duplicate(files->second.state);
  if (!ram || !saved) return std::nullopt;
  return Source{
      key,
      {{"memoryBytes", known->second.shape.at("memoryBytes")}, {"recipe", known->second.recipe}},
      std::move(*ram),
      std::move(*saved)};
}

void Templates::source(const Json& machine, std::function<void(std::optional<Source>)> then) {
  const Json shape = model::template_shape(machine);
  if (!enabled() || shape.is_null()) return then(std::nullopt);
  const std::string key = key_of(shape);
  if (!state().templates.contains(key)) return then(std::nullopt);
  if (loaded_.contains(key)) return then(take(key));
  load(key, [this, key, then = std::move(then)] { then(take(key)); });
}

void Templates::load(const std::string& key, std::function<void()> then) {
  auto& waiting = loading_[key];
  waiting.push_back(std::move(then));
  if (waiting.size() > 1) return;
  const model::TemplateState& known = state().templates.at(key);
  StoredTemplate expected{known.ram_digest, known.state_digest, 0};
  auto result = std::make_shared<Result<TemplateFiles>>(TemplateFiles{});
  parts_.work([result, expected, path = place(key)] { *result = load_template(path, expected); },
              [this, key, result] {
                if (*result) {
                  loaded_.insert_or_assign(key, std::move(**result));
                } else {
                  drop(key, result->error().message);
                }
                const auto over = loading_.extract(key);
                for (const auto& go_on : over.mapped()) go_on();
              });
}

void Templates::learned(const Json& machine, const std::string& key, const Json& created) {
  const Json shape = model::template_shape(machine);
  if (shape.is_null() || !enabled()) return;
  if (model::read_flag(created, "badTemplate")) drop(key, model::read_text(created, "notCloned"));
  const bool booted_with_it =
      model::read_text(created, "accelerator") == model::read_text(machine, "accelerator");
  if (booted_with_it && !state().templates.contains(key_of(shape)))
    want(shape, [](const Result<Json>&) {});
}

void Templates::build(const Json& machine, Answer done) {
  const Json shape = model::template_shape(machine);
  if (shape.is_null())
    return done(fail(Code::kInvalid, "there are no templates for more than 8 GiB of memory"));
  const std::string key = key_of(shape);
  if (state().templates.contains(key)) return done(Json{{"id", key}});
  hopeless_.erase(key);
  want(shape, std::move(done));
  patience_.stop();
  build_next();
}

void Templates::want(const Json& shape, Answer done) {
  const std::string key = key_of(shape);
  if (closing_ || hopeless_.contains(key)) return;
  auto found = std::find_if(wanted_.begin(), wanted_.end(),
                            [&](const Wanted& one) { return one.key == key; });
  if (found == wanted_.end()) found = wanted_.insert(wanted_.end(), Wanted{key, shape, {}});
  found->waiting.push_back(std::move(done));
  if (!building_) patience_.start(kPatienceMs);
}

void Templates::build_next() {
  if (building_ || wanted_.empty() || closing_) return;
  building_ = true;
  const Json shape = wanted_.front().shape;
  auto files = make_template_files(
      static_cast<uint64_t>(model::read_integer(shape, "memoryBytes").value_or(0)) + kRamFileSlack);
  if (!files) return finish(fail(std::move(files.error())));
  std::vector<UniqueFd> fds;
  for (const UniqueFd* file : {&files->ram, &files->state}) {
    auto copy = duplicate(*file);
    if (!copy) return finish(fail(std::move(copy.error())));
    fds.push_back(std::move(*copy));
  }
  auto kept = std::make_shared<TemplateFiles>(std::move(*files));
  parts_.build({{"machine", shape}, {"deadlineMs", kBuildDeadlineMs}}, std::move(fds),
               [this, kept](const Result<Json>& made) { built(made, std::move(*kept)); });
}

void Templates::built(const Result<Json>& made, TemplateFiles files) {
  if (!made) return finish(fail(made.error()));
  auto kept = std::make_shared<TemplateFiles>(std::move(files));
  auto result = std::make_shared<Result<StoredTemplate>>(StoredTemplate{});
  parts_.work(
      [kept, result, path = place(wanted_.front().key)] { *result = store_template(*kept, path); },
      [this, kept, result, made = *made] { stored(made, *result, std::move(*kept)); });
}

void Templates::stored(const Json& made, const Result<StoredTemplate>& result,
                       TemplateFiles files) {
  if (!result) return finish(fail(result.error()));
  const std::string key = wanted_.front().key;
  model::TemplateState saved;
  saved.shape = wanted_.front().shape;
  saved.recipe = model::read_text(made, "recipe");
  saved.bytes = result->bytes;
  saved.ram_digest = result->ram_digest;
  saved.state_digest = result->state_digest;
  auto kept = std::make_shared<TemplateFiles>(std::move(files));
  parts_.ledger.record(
      {model::template_built(key, saved, model::read_integer(made, "elapsedMs").value_or(0))},
      [this, key, kept](const Result<std::vector<model::Event>>& committed) {
        if (!committed) return finish(fail(committed.error()));
        loaded_.insert_or_assign(key, std::move(*kept));
        drop_surplus();
        finish(Json{{"id", key}});
      });
}

void Templates::finish(const Result<Json>& result) {
  building_ = false;
  Wanted done = std::move(wanted_.front());
  wanted_.pop_front();
  if (!result) {
    hopeless_.insert(done.key);  // until it is asked for by name, or the service starts anew
    log::warning("no template is built: " + result.error().message);
  }
  for (const Answer& answer : done.waiting) answer(result);
  build_next();
}

void Templates::drop(const std::string& key, const std::string& reason,
                     const model::Origin& origin) {
  loaded_.erase(key);
  if (!state().templates.contains(key)) return;
  log::info("template " + key + " is dropped: " + reason);
  parts_.ledger.record({model::template_dropped(key, reason, origin)});
  parts_.work(
      [path = place(key)] {
        std::error_code error;
        std::filesystem::remove_all(path, error);
      },
      [] {});
}

void Templates::drop_surplus() {
  const auto most = model::property_value(state(), "template.maximum").value_or("4");
  for (const std::string& key : model::surplus_templates(state(), std::stoul(most)))
    drop(key, "there are more than " + most + " templates");
}

void Templates::prune(const model::Origin& origin, Answer done) {
  Json deleted = Json::array();
  int64_t bytes = 0;
  const auto all = state().templates;
  for (const auto& [key, saved] : all) {
    deleted.push_back(key);
    bytes += saved.bytes;
    drop(key, "pruned", origin);
  }
  done(Json{{"deleted", std::move(deleted)}, {"reclaimed", bytes}});
}

void Templates::prepare() {
  std::set<std::string> known;
  for (const auto& [key, saved] : state().templates) known.insert(key);
  parts_.work(
      [known, directory = parts_.directory] {
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(directory, error))
          if (!known.contains(entry.path().filename().string()))
            std::filesystem::remove_all(entry.path(), error);
      },
      [] {});
  const Json shape = model::template_shape(parts_.usual());
  if (!enabled() || shape.is_null()) return;
  const std::string key = key_of(shape);
  if (!known.contains(key)) return idle_.start(kIdleMs);
  if (!loaded_.contains(key)) load(key, [] {});
}

}  // namespace bulkhead::engine
