#include "parking.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "log.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/rehearsal.hpp"
#include "model/template_shape.hpp"
#include "uuid.hpp"

namespace bulkhead::engine {
namespace {

// Who starts containers one after the other isn't to compete with the one that is being parked.
constexpr uint64_t kMomentMs = 1'000;
// A machine that nobody wants gives its memory back.
constexpr uint64_t kIdleMs = 15 * 60'000;
// No container's name begins so.
constexpr const char* kPrefix = "_parked-";
constexpr size_t kNameSize = 8;

}  // namespace

// One machine on its way to be parked.
struct Parking::Attempt {
  std::string host;
  std::string key;
  Json shape, source;
  std::vector<UniqueFd> fds;  // the template's memory and state
};

Parking::Parking(Parts parts)
    : parts_(std::move(parts)),
      moment_(parts_.loop, [this] { fill(); }),
      idle_(parts_.loop, [this] { keep(0); }),
      subscription_(parts_.ledger.subscribe([this](const model::Event& event) {
        if (event.stream == "property/template.parked" ||
            event.stream == "property/template.enabled" || event.type == "template.dropped")
          wishes_changed();
      })) {}

Parking::~Parking() {
  parts_.ledger.unsubscribe(subscription_);
}

size_t Parking::wished() const {
  const model::State& state = parts_.ledger.state();
  return std::stoul(model::property_value(state, "template.parked").value_or("0"));
}

size_t Parking::count(const std::string& key) const {
  return key == key_ ? parked_.size() : 0;
}

std::optional<Parking::Machine> Parking::take(const Json& machine) {
  if (parked_.empty() || !model::can_be_parked(machine)) return std::nullopt;
  if (parts_.templates.key(machine) != key_) return std::nullopt;
  const size_t networks = model::member(machine, "networks").size();
  auto found = std::find_if(parked_.begin(), parked_.end(), [&](const Machine& one) {
    return one.cables.size() >= networks && parts_.hosts.find(one.host);
  });
  if (found == parked_.end()) return std::nullopt;
  Machine taken = std::move(*found);
  parked_.erase(found);
  taken.cables.resize(networks);
  return taken;
}

void Parking::wanted(Example example) {
  example_ = std::move(example);
  if (closing_) return;
  moment_.start(kMomentMs);
  idle_.start(kIdleMs);
}

void Parking::wishes_changed() {
  if (closing_ || !example_) return;
  const bool usable = parts_.templates.key(example_->machine) == key_;
  const size_t most = usable ? wished() : 0;
  keep(most);
  if (parked_.size() < most) moment_.start(kMomentMs);
}

void Parking::fill() {
  if (closing_ || !example_ || !attempt_.empty()) return;
  const std::string key = parts_.templates.key(example_->machine);
  keep(key == key_ ? wished() : 0);
  key_ = key;
  if (key.empty() || parked_.size() >= wished()) return;
  attempt_ = kPrefix + new_uuid().substr(0, kNameSize);
  parts_.templates.source(example_->machine,
                          [this, example = *example_](std::optional<Templates::Source> source) {
                            if (!source || closing_) return attempt_.clear();
                            park(example, std::move(*source));
                          });
}

void Parking::park(const Example& example, Templates::Source source) {
  auto attempt = std::make_shared<Attempt>();
  attempt->host = attempt_;
  attempt->key = source.key;
  attempt->shape = model::template_shape(example.machine);
  attempt->source = std::move(source.body);
  attempt->fds.push_back(std::move(source.ram));
  attempt->fds.push_back(std::move(source.state));
  const Json disks = {
      {"container", attempt->host}, {"digest", example.digest}, {"platform", example.platform}};
  parts_.storage.ask("storage.create", disks, [this, attempt](const Result<Json>& made) {
    if (!made) return failed(*attempt, made.error());
    if (closing_) return failed(*attempt, {Code::kUnavailable, "the service is stopping", {}});
    model::RehearsalDisks rehearsed{model::read_text(*made, "imageDisk"),
                                    model::read_text(*made, "writableDisk")};
    parts_.hosts.launch_parked(attempt->host, [this, attempt, rehearsed](const auto& launched) {
      PluginPort* host = parts_.hosts.find(attempt->host);
      if (!launched) return failed(*attempt, launched.error());
      if (!host || closing_) return failed(*attempt, {Code::kUnavailable, "its host ended", {}});
      host->transact(unjournaled_op(), "runtime.park",
                     model::rehearsal(attempt->shape, attempt->source, rehearsed),
                     std::move(attempt->fds), {},
                     [this, attempt](const Result<Json>& parked, std::vector<UniqueFd> cables) {
                       if (!parked) return failed(*attempt, parked.error());
                       done(*attempt, std::move(cables));
                     });
    });
  });
}

void Parking::done(const Attempt& attempt, std::vector<UniqueFd> cables) {
  attempt_.clear();
  drop_disks(attempt.host);
  if (closing_ || attempt.key != key_) return parts_.hosts.kill(attempt.host);
  parked_.push_back({attempt.host, std::move(cables), attempt.key});
  parts_.hosts.when_gone(attempt.host, [this, host = attempt.host] {
    std::erase_if(parked_, [&](const Machine& one) { return one.host == host; });
  });
  fill();
}

// The next start that finds none is the occasion to try again.
void Parking::failed(const Attempt& attempt, const Error& why) {
  attempt_.clear();
  if (!closing_) log::warning("no machine is parked: " + why.message);
  parts_.hosts.kill(attempt.host);
  drop_disks(attempt.host);
}

void Parking::drop_disks(const std::string& host) {
  parts_.storage.ask("storage.delete", {{"container", host}}, [](const Result<Json>&) {});
}

void Parking::keep(size_t most) {
  while (parked_.size() > most) {
    const std::string host = std::move(parked_.back().host);
    parked_.pop_back();
    parts_.hosts.kill(host);
  }
}

void Parking::close(std::function<void()> done) {
  closing_ = true;
  moment_.stop();
  idle_.stop();
  std::vector<std::string> hosts;
  for (const Machine& machine : parked_) hosts.push_back(machine.host);
  if (!attempt_.empty()) hosts.push_back(attempt_);
  keep(0);
  auto left = std::make_shared<size_t>(hosts.size() + 1);
  auto one_gone = [left, done = std::move(done)] {
    if (--*left == 0) done();
  };
  for (const std::string& host : hosts) {
    parts_.hosts.kill(host);
    parts_.hosts.when_gone(host, one_gone);
  }
  one_gone();
}

}  // namespace bulkhead::engine
