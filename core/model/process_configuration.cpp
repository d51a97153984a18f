#include "model/process_configuration.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

// What every container engine gives a process whose image says nothing.
constexpr const char* kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::array<std::string_view, 16> kLimits = {
    "RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
    "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
    "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"};

// -1 is unlimited, larger than any number.
bool within(int64_t soft, int64_t hard) {
  return hard == -1 || (soft != -1 && soft <= hard);
}

Result<Json> resource_limits(const Json& process) {
  Json limits = Json::array();
  std::set<std::string> seen;
  const Json& given = member(process, "rlimits");
  if (!given.is_array()) return limits;
  for (const Json& element : given) {
    std::string name = read_text(element, "limit");
    auto soft = read_integer(element, "soft");
    auto hard = read_integer(element, "hard");
    if (std::find(kLimits.begin(), kLimits.end(), name) == kLimits.end())
      return fail(Code::kInvalid, "\"" + name + "\" is not a resource limit");
    if (!soft || !hard || *soft < -1 || *hard < -1)
      return fail(Code::kInvalid, name + " needs a soft and a hard limit");
    if (!within(*soft, *hard))
      return fail(Code::kInvalid, "the soft limit of " + name + " is above its hard limit");
    if (!seen.insert(name).second) return fail(Code::kInvalid, name + " is given twice");
    limits.push_back({{"limit", name}, {"soft", *soft}, {"hard", *hard}});
  }
  return limits;
}

Result<Json> checked_environment(const Json& process) {
  const Json& given = member(process, "environment");
  if (given.is_null()) return Json::array();
  if (!given.is_array()) return fail(Code::kInvalid, "environment must be a list of KEY=VALUE");
  for (const Json& element : given) {
    std::string entry = element.is_string() ? element.get<std::string>() : "";
    size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || entry.find('\0') != std::string::npos)
      return fail(Code::kInvalid, "\"" + entry + "\" is not an environment variable",
                  "write KEY=VALUE");
  }
  return given;
}

Result<std::string> working_directory(const Json& process, const std::string& fallback) {
  std::string asked = read_text(process, "workingDirectory");
  if (asked.empty()) asked = fallback.empty() ? "/" : fallback;
  if (asked[0] == '/') return asked;
  if (member(process, "workingDirectory").is_string())
    return fail(Code::kInvalid, "the working directory \"" + asked + "\" is not absolute");
  return "/" + asked;  // an image may say "app"
}

struct Identity {
  Json user;
  Json groups = Json::array();
};

Result<std::optional<int64_t>> id_number(const Json& process, const char* key) {
  auto number = read_integer(process, key);
  if (!member(process, key).is_null() && (!number || *number < 0 || *number > 0xfffffffeLL))
    return fail(Code::kInvalid, std::string(key) + " must be a number from 0 to 4294967294");
  return number;
}

// A name beats numbers; both numbers are an exact identity; a lone uid is looked up in the guest
// for its group; a lone gid is one more group of whoever it is otherwise.
Result<Identity> identity(const Json& process, const Json& fallback) {
  auto uid = id_number(process, "uid");
  if (!uid) return fail(std::move(uid.error()));
  auto gid = id_number(process, "gid");
  if (!gid) return fail(std::move(gid.error()));
  Identity result;
  std::string name = read_text(process, "user");
  if (!name.empty()) {
    result.user = {{"raw", {{"userString", name}}}};
  } else if (*uid && *gid) {
    result.user = {{"id", {{"uid", **uid}, {"gid", **gid}}}};
    return result;
  } else if (*uid) {
    result.user = {{"raw", {{"userString", std::to_string(**uid)}}}};
  } else {
    result.user = fallback;
  }
  if (*gid) result.groups.push_back(**gid);
  return result;
}

bool has_key(const Json& environment, std::string_view key) {
  return std::any_of(environment.begin(), environment.end(), [&](const Json& entry) {
    std::string_view text = entry.get_ref<const std::string&>();
    return text.substr(0, text.find('=')) == key;
  });
}

// Parts that an init process and an exec have in common, on top of what they fall back to.
Result<Json> assemble(const Json& process, const std::vector<std::string>& command,
                      const Json& base_environment, const std::string& base_directory,
                      const Json& base_user) {
  auto environment = checked_environment(process);
  if (!environment) return fail(std::move(environment.error()));
  auto directory = working_directory(process, base_directory);
  if (!directory) return fail(std::move(directory.error()));
  auto who = identity(process, base_user);
  if (!who) return fail(std::move(who.error()));
  auto limits = resource_limits(process);
  if (!limits) return fail(std::move(limits.error()));

  Json merged = merge_environment(base_environment, *environment);
  bool terminal = read_flag(process, "terminal");
  if (!has_key(merged, "PATH")) merged.push_back(kDefaultPath);
  if (terminal && !has_key(merged, "TERM")) merged.push_back("TERM=xterm");
  return Json{{"executable", command.front()},
              {"arguments", std::vector<std::string>(command.begin() + 1, command.end())},
              {"environment", std::move(merged)},
              {"workingDirectory", *directory},
              {"terminal", terminal},
              {"user", who->user},
              {"supplementalGroups", who->groups},
              {"rlimits", *limits}};
}

}  // namespace

Json merge_environment(const Json& image, const Json& request) {
  Json merged = Json::array();
  std::map<std::string, size_t, std::less<>> places;
  for (const Json* source : {&image, &request}) {
    if (!source->is_array()) continue;
    for (const Json& element : *source) {
      if (!element.is_string()) continue;
      const auto& entry = element.get_ref<const std::string&>();
      std::string key = entry.substr(0, entry.find('='));
      if (key.empty() || key.size() == entry.size()) continue;
      auto [place, fresh] = places.emplace(std::move(key), merged.size());
      if (fresh)
        merged.push_back(entry);
      else
        merged[place->second] = entry;
    }
  }
  return merged;
}

Result<std::vector<std::string>> command_line(const Json& process, const Json& image_process) {
  std::vector<std::string> arguments = read_texts(process, "arguments");
  std::vector<std::string> command;
  if (member(process, "entrypoint").is_string()) {
    std::string entrypoint = read_text(process, "entrypoint");
    if (!entrypoint.empty()) command.push_back(entrypoint);  // "" clears the image's
  } else {
    command = read_texts(image_process, "Entrypoint");
    if (arguments.empty()) arguments = read_texts(image_process, "Cmd");
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  if (command.empty() || command.front().empty())
    return fail(Code::kInvalid, "no command given, and the image has none",
                "say what to run after the image's name");
  for (const std::string& word : command)
    if (word.find('\0') != std::string::npos)
      return fail(Code::kInvalid, "an argument contains a zero byte");
  return command;
}

Result<Json> init_process(const Json& process, const Json& image_process) {
  auto command = command_line(process, image_process);
  if (!command) return fail(std::move(command.error()));
  std::string user = read_text(image_process, "User");
  Json base_user =
      user.empty() ? Json{{"id", {{"uid", 0}, {"gid", 0}}}} : Json{{"raw", {{"userString", user}}}};
  return assemble(process, *command, member(image_process, "Env"),
                  read_text(image_process, "WorkingDir"), base_user);
}

Result<Json> exec_process(const Json& process, const Json& init) {
  std::vector<std::string> command = read_texts(process, "arguments");
  if (command.empty() || command.front().empty()) return fail(Code::kInvalid, "no command given");
  auto result = assemble(process, command, member(init, "environment"),
                         read_text(init, "workingDirectory"), member(init, "user"));
  if (result && (*result)["rlimits"].empty() && member(init, "rlimits").is_array())
    (*result)["rlimits"] = init["rlimits"];
  // The container's groups belong to its user: another user doesn't get them.
  bool same_user = result && (*result)["user"] == member(init, "user");
  const Json& groups = member(init, "supplementalGroups");
  if (same_user && groups.is_array())
    for (const Json& group : groups) (*result)["supplementalGroups"].push_back(group);
  return result;
}

}  // namespace bulkhead::model
