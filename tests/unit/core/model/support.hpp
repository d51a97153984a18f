// A journal of the mind: gives events their seq, version and root as the real one does, and folds
// them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "model/container_decide.hpp"
#include "model/evolve.hpp"
#include "model/facts.hpp"
#include "model/state.hpp"

namespace bulkhead::model::test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class World {
 public:
  const State& state() const { return state_; }
  const ContainerState& container(const std::string& id) const { return state_.containers.at(id); }
  const std::vector<Event>& history() const { return history_; }

  Event append(NewEvent from) {
    Event event;
    event.seq = state_.seq + 1;
    event.at_us = 1'700'000'000'000'000 + event.seq * 1'000'000;
    event.stream = from.stream;
    event.ver = ++versions_[from.stream];
    event.type = from.type;
    event.rev = from.rev;
    event.phase = from.phase;
    event.op = from.phase == Phase::kIntent ? std::optional<Seq>(event.seq) : from.op;
    event.cause = from.cause;
    event.root = event.cause.value_or(event.op.value_or(event.seq));
    event.actor = from.actor;
    event.data = from.data;
    evolve(state_, event);
    history_.push_back(event);
    return event;
  }

  // Takes a decision that must not be refused; returns its last event, or an empty one if it is so
  // already.
  Event take(Result<Decision> decision) {
    EXPECT_TRUE(decision) << decision.error().message;
    Event last;
    if (decision)
      for (NewEvent& event : *decision) last = append(std::move(event));
    return last;
  }

  Event succeed(Seq op, Json result = Json::object()) {
    const Operation* operation = state_.operation(op);
    EXPECT_TRUE(operation);
    return append(outcome_ok(Operation(*operation), std::move(result)));
  }
  Event fail_with(Seq op, const std::string& why = "no luck") {
    const Operation* operation = state_.operation(op);
    EXPECT_TRUE(operation);
    return append(outcome_failed(Operation(*operation), Error{Code::kInternal, why, ""}));
  }
  Event happen(const std::string& id, const std::string& type, Json data = Json::object()) {
    return append(fact("container/" + id, type, std::move(data)));
  }

  void create(const std::string& id, const std::string& digest = "sha256:aa") {
    Event intent = take(decide_create(state_, {id, {{"id", id}}, false, digest}, {}));
    succeed(intent.seq,
            {{"manifest", "sha256:mm"}, {"imageDisk", "/image"}, {"writableDisk", "/rw"}});
  }
  void start(const std::string& id) {
    Event intent = take(decide_start(state_, {id, false}, {}));
    happen(id, "container.host-started",
           {{"op", intent.seq}, {"hostPid", 77}, {"hostSocket", "/sock"}});
    succeed(intent.seq,
            {{"pid", 12}, {"hostPid", 77}, {"hostSocket", "/sock"}, {"accelerator", "tcg"}});
  }
  void exit(const std::string& id, int code) {
    happen(id, "container.exited",
           {{"exitCode", code},
            {"oomKilled", false},
            {"at", 1'700'000'500'000'000},
            {"reason", "exited"},
            {"report", 1}});
    happen(id, "container.vm-stopped", {{"clean", true}, {"report", 2}});
  }
  void tag(const std::string& reference, const std::string& digest) {
    Json image = {{"descriptor", {{"digest", digest}, {"mediaType", "m"}, {"size", 5}}},
                  {"variants",
                   {{{"platform", {{"os", "linux"}, {"architecture", "amd64"}}},
                     {"digest", "sha256:feed" + digest.substr(7)},
                     {"size", 9},
                     {"config", Json::object()}}}},
                  {"createdAt", "2026-01-02T03:04:05.6Z"}};
    Json data = {{"image", image}};
    if (!reference.empty()) {
      data["reference"] = reference;
      data["image"]["reference"] = reference;
    }
    append(fact("image/" + (reference.empty() ? digest : reference), "image.tagged", data));
  }

 private:
  State state_;
  std::map<std::string, int64_t> versions_;
  std::vector<Event> history_;
};

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "it succeeded" : result.error().message;
}
template <class T>
Code code_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? Code(0) : result.error().code;
}

}  // namespace bulkhead::model::test
