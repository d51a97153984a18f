#include "model/kernel_decide.hpp"

#include <algorithm>
#include <array>

#include "model/facts.hpp"

namespace bulkhead::model {
namespace {

constexpr std::array<std::string_view, 2> kArchitectures = {"amd64", "arm64"};
constexpr std::array<std::string_view, 3> kSources = {"binary", "tar", "recommended"};

template <std::size_t n>
bool contains(const std::array<std::string_view, n>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

Result<Decision> decide_kernel_set(const State& state, const SetKernel& command,
                                   const Origin& origin) {
  if (!contains(kArchitectures, command.architecture))
    return fail(Code::kInvalid, "\"" + command.architecture + "\" is not an architecture",
                "use amd64 or arm64");
  if (!contains(kSources, command.source))
    return fail(Code::kInvalid, "\"" + command.source + "\" is not a source of a kernel",
                "use binary, tar or recommended");
  auto set = state.kernels.find(command.architecture);
  bool same =
      set != state.kernels.end() && !command.digest.empty() && set->second.digest == command.digest;
  if (set != state.kernels.end() && set->second.name == command.name && !command.force && !same)
    return fail(Code::kConflict,
                "another kernel for " + command.architecture + " is named " + command.name,
                "replace it with --force");
  Json data = {{"name", command.name}, {"path", command.path}, {"source", command.source}};
  if (!command.digest.empty()) data["digest"] = command.digest;
  Decision decision;
  decision.push_back(
      intent(stream_name("kernel", command.architecture), "kernel.set", std::move(data), origin));
  return decision;
}

}  // namespace bulkhead::model
