// What the engine asks of a plugin: a method, its request, descriptors; one answer. Whether the
// plugin runs, restarts or is gone is the port's business (service_host.hpp, runtime_hosts.hpp);
// the engine sees kUnavailable at worst. Tests put their own behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::engine {

using Json = nlohmann::json;
using Answer = std::function<void(Result<Json>)>;

// How far a call is, for people who watch; it may come any number of times, or never.
using OnProgress = std::function<void(const Json& note)>;
using FullAnswer = std::function<void(Result<Json>, std::vector<UniqueFd>)>;

// Calls that change nothing (stats, inspect) have no intent and so no seq to be named by. Their ids
// have the top bit set, so that they can't be taken for an operation of the journal.
uint64_t unjournaled_op();

// Answers, and answers again with the error if what follows the answer throws: a plugin that says
// something else than documented fails the operation, not the daemon.
void give(const Answer& answer, Result<Json> result);

// What a call takes that has one: a vector's initializer list would want to copy it.
inline std::vector<UniqueFd> one_descriptor(UniqueFd fd) {
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(fd));
  return fds;
}

class PluginPort {
 public:
  virtual ~PluginPort() = default;
  virtual void call(uint64_t op, const std::string& method, const Json& request,
                    std::vector<UniqueFd> fds, Answer answer) = 0;
  // The same, for a call that tells its progress or answers with descriptors too.
  virtual void transact(uint64_t op, const std::string& method, const Json& request,
                        std::vector<UniqueFd> fds, OnProgress progress, FullAnswer answer) {
    (void)progress;
    call(op, method, request, std::move(fds),
         [answer = std::move(answer)](Result<Json> result) { answer(std::move(result), {}); });
  }
  // Nobody waits for this call any longer. It is answered all the same, perhaps as if it had not
  // been called off.
  virtual void cancel(uint64_t op) = 0;

  void ask(const std::string& method, const Json& request, Answer answer) {
    call(unjournaled_op(), method, request, {}, std::move(answer));
  }
};

}  // namespace bulkhead::engine
