#include "template_build.hpp"

#include <fcntl.h>

#include <utility>

#include "host_clock.hpp"
#include "qemu_arguments.hpp"
#include "template_layout.hpp"

namespace bulkhead::qemu {
namespace {

// Free-page reporting waits two seconds before it gives pages back; pages that were given back
// aren't in the template.
constexpr uint64_t kSettleMs = 5'000;

}  // namespace

TemplateBuild::TemplateBuild(loop::Loop& loop, std::string binary,
                             std::function<void(Result<Json>)> done)
    : loop_(loop),
      binary_(std::move(binary)),
      done_(std::move(done)),
      deadline_(loop,
                [this] {
                  std::string last = console_.last_line();
                  give_up({Code::kTimeout,
                           "the template's machine was not ready in time" +
                               (last.empty() ? std::string() : "; its console says: " + last),
                           {}});
                }),
      settled_(loop, [this] { save(); }) {}

TemplateBuild::~TemplateBuild() {
  if (qemu_) qemu_->kill();
}

void TemplateBuild::run(TemplateRequest request) {
  request_ = std::move(request);
  began_us_ = ticks_us();
  const uint64_t tsc_khz = tsc_rate_.khz();
  recipe_ = recipe_of(request_.shape, binary_);
  auto tell = [this](Error why) {
    const auto done = std::exchange(done_, nullptr);
    done(fail(std::move(why).context("make a template")));
  };
  if (request_.shape.accelerator == Accelerator::kTcg && tsc_khz == 0)
    return tell({Code::kUnsupported, "the rate of the host's TSC is unknown", {}});
  auto cables = loose_cables(kTemplateCards);
  if (!cables) return tell(cables.error());
  QemuProcess::Inherited inherited = cards(*cables, 0);
  inherited.emplace_back(kRamFd, request_.ram.get());
  auto qemu = QemuProcess::spawn(
      loop_, binary_, template_arguments(request_.shape, tsc_khz), inherited,
      {[this](std::string_view bytes) { console_.write(bytes); },
       [](std::string_view) {},
       {},
       [this](const std::string& how) { on_gone(how); },
       [this](std::string_view name, const Json& data) { on_event(name, data); }});
  if (!qemu) return tell(qemu.error());
  qemu_ = std::move(*qemu);
  guest_ =
      std::make_unique<GuestChannel>(loop_, qemu_->take_agent(),
                                     GuestChannel::Callbacks{[this] { settled_.start(kSettleMs); },
                                                             [this](const Error& why) {
                                                               if (!saved_) give_up(why);
                                                               qemu_->agent_ended();
                                                             }});
  deadline_.start(static_cast<uint64_t>(request_.deadline.count()));
}

void TemplateBuild::save() {
  auto answered = [this](const Result<Json>& answer) {
    if (!answer) give_up(answer.error());
  };
  auto state = reopen(request_.state, O_WRONLY);
  if (!state) return give_up(state.error());
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(*state));
  const Json without_memory = {{"capability", "x-ignore-shared"}, {"state", true}};
  const Json with_events = {{"capability", "events"}, {"state", true}};
  qemu_->execute("getfd", {{"fdname", "state"}}, answered, std::move(fds));
  qemu_->execute("migrate-set-capabilities",
                 {{"capabilities", Json::array({without_memory, with_events})}}, answered);
  qemu_->execute("migrate", {{"uri", "fd:state"}}, answered);
}

void TemplateBuild::on_event(std::string_view name, const Json& data) {
  if (name != "MIGRATION") return;
  const std::string status = string_or(data, "status", "");
  if (status == "failed") give_up({Code::kInternal, "QEMU couldn't save the machine", {}});
  if (status != "completed") return;
  saved_ = true;
  qemu_->execute("quit", Json::object(), [](const Result<Json>&) {});
}

void TemplateBuild::on_gone(const std::string& how) {
  deadline_.stop();
  settled_.stop();
  // What QEMU says of its end tells more than the channel that closed with it.
  const std::string& complaint = qemu_->last_complaint();
  if (!saved_ && (!error_ || error_->code == Code::kUnavailable)) {
    error_ = Error{Code::kUnavailable,
                   "QEMU " + how + ": " + (complaint.empty() ? console_.last_line() : complaint),
                   {}};
  }
  guest_.reset();
  const auto done = std::exchange(done_, nullptr);
  if (error_) return done(fail(std::move(*error_).context("make a template")));
  done(Json{{"recipe", recipe_},
            {"memoryBytes", request_.shape.memory_bytes},
            {"elapsedMs", (ticks_us() - began_us_) / 1000}});
}

void TemplateBuild::give_up(Error why) {
  if (error_) return;
  error_ = std::move(why);
  settled_.stop();
  qemu_->kill();
}

}  // namespace bulkhead::qemu
