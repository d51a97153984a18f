#include "parking.hpp"

#include <utility>

#include "template_layout.hpp"

namespace bulkhead::qemu {
namespace {

constexpr Milliseconds kRehearsalDeadline{60'000};

}  // namespace

Parking::Parking(loop::Loop& loop, plugin::Host host, std::vector<UniqueFd> switch_ends,
                 ProcessRequest command, plugin::Reply reply)
    : loop_(loop),
      host_(host),
      switch_ends_(std::move(switch_ends)),
      command_(std::move(command)),
      reply_(std::move(reply)) {}

// How the command ends is nothing to anybody; but if the way there isn't open, nobody is to take
// it.
void Parking::rehearse(Vm& vm, std::function<void(const Status&)> done) {
  vm_ = &vm;
  done_ = std::move(done);
  GuestProcess::Callbacks callbacks;
  callbacks.started = [this](const Result<int64_t>& pid) {
    if (!pid) host_.log(plugin::Level::kWarning, "a rehearsal: " + pid.error().message);
  };
  callbacks.exited = [](const ProcessExit&) {};
  callbacks.ended = [this] { on_rehearsed(); };
  rehearsal_ = std::make_unique<GuestProcess>(loop_, vm.guest(), std::move(command_), UniqueFd(),
                                              std::move(callbacks));
  rehearsal_->start(kRehearsalDeadline);
}

void Parking::on_rehearsed() {
  rehearsal_.reset();
  if (vm_->ready()) vm_->park(std::exchange(done_, nullptr));
}

// What the rehearsal has said on the cables isn't for the networks that get them.
void Parking::parked(const Vm& vm) {
  std::vector<int> ends;
  for (const UniqueFd& end : switch_ends_) {
    drain(end);
    ends.push_back(end.get());
  }
  if (auto waiting = std::exchange(reply_, std::nullopt)) waiting->ok({{"pid", vm.pid()}}, ends);
}

void Parking::failed(const Error& why) {
  switch_ends_.clear();
  if (auto waiting = std::exchange(reply_, std::nullopt)) waiting->fail(why);
}

std::vector<UniqueFd> Parking::take_ends(size_t count) {
  std::vector<UniqueFd> all = std::exchange(switch_ends_, {});
  all.resize(count);
  return all;
}

}  // namespace bulkhead::qemu
