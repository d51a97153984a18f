#include "guest/core/process_spec.hpp"

#include <csignal>

#include "guest/core/json_fields.hpp"

namespace bulkhead::guest {
namespace {

std::optional<int> limit_number(std::string_view name) {
  static constexpr std::pair<std::string_view, int> kLimits[] = {
      {"RLIMIT_AS", RLIMIT_AS},
      {"RLIMIT_CORE", RLIMIT_CORE},
      {"RLIMIT_CPU", RLIMIT_CPU},
      {"RLIMIT_DATA", RLIMIT_DATA},
      {"RLIMIT_FSIZE", RLIMIT_FSIZE},
      {"RLIMIT_LOCKS", RLIMIT_LOCKS},
      {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
      {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
      {"RLIMIT_NICE", RLIMIT_NICE},
      {"RLIMIT_NOFILE", RLIMIT_NOFILE},
      {"RLIMIT_NPROC", RLIMIT_NPROC},
      {"RLIMIT_RSS", RLIMIT_RSS},
      {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
      {"RLIMIT_RTTIME", RLIMIT_RTTIME},
      {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
      {"RLIMIT_STACK", RLIMIT_STACK}};
  for (const auto& [known, number] : kLimits) {
    if (known == name) return number;
  }
  return std::nullopt;
}

// -1 is RLIM_INFINITY in the kernel's own terms, too.
rlim_t limit_value(int64_t value) {
  return value < 0 ? RLIM_INFINITY : static_cast<rlim_t>(value);
}

Result<ResourceLimit> parse_limit(const Json& json) {
  JsonFields fields(json, "process.rlimits[]");
  std::string type;
  int64_t soft = 0, hard = 0;
  fields.text("type", type);
  fields.number("soft", soft, -1, INT64_MAX);
  fields.number("hard", hard, -1, INT64_MAX);
  if (auto status = fields.status(); !status) return fail(std::move(status.error()));
  auto number = limit_number(type);
  if (!number) return fail(Code::kInvalid, "unknown resource limit " + type);
  ResourceLimit limit{*number, limit_value(soft), limit_value(hard)};
  if (limit.soft > limit.hard)
    return fail(Code::kInvalid, "the soft limit of " + type + " is above its hard limit");
  return limit;
}

Status parse_limits(const Json& list, std::vector<ResourceLimit>& out) {
  if (!list.is_array()) return fail(Code::kInvalid, "process.rlimits must be an array");
  for (const Json& element : list) {
    auto limit = parse_limit(element);
    if (!limit) return fail(std::move(limit.error()));
    out.push_back(*limit);
  }
  return {};
}

Status parse_groups(const Json& list, std::vector<gid_t>& out) {
  if (list.is_array()) {
    for (const Json& element : list) {
      // -1 means "leave as it is" to the kernel and is no group.
      if (!element.is_number_unsigned() || element.get<uint64_t>() >= UINT32_MAX)
        return fail(Code::kInvalid, "process.supplementalGroups must hold group ids");
      out.push_back(element.get<gid_t>());
    }
    return {};
  }
  return fail(Code::kInvalid, "process.supplementalGroups must be an array");
}

Status parse_capabilities(const std::vector<std::string>& names, CapabilitySet& out) {
  for (const std::string& name : names) {
    auto number = capability_number(name);
    if (!number) return fail(Code::kInvalid, "unknown capability " + name);
    out |= capability_bit(*number);
  }
  return {};
}

Result<TerminalSize> read_size(const Json& json, std::string_view where) {
  TerminalSize size;
  JsonFields fields(json, where);
  fields.number("rows", size.rows, 0, UINT16_MAX);
  fields.number("cols", size.cols, 0, UINT16_MAX);
  if (auto status = fields.status(); !status) return fail(std::move(status.error()));
  return size;
}

Status check(const ProcessSpec& spec) {
  if (spec.args.empty() || spec.args.front().empty())
    return fail(Code::kInvalid, "process.args must name a command");
  if (spec.cwd.front() != '/')
    return fail(Code::kInvalid, "the working directory " + spec.cwd + " is not absolute");
  return {};
}

}  // namespace

Result<ProcessSpec> parse_process(std::string_view text) {
  auto json = parse_json(text, "process");
  if (!json) return fail(std::move(json.error()));
  ProcessSpec spec;
  JsonFields fields(*json, "process");
  std::vector<std::string> capabilities;
  fields.texts("args", spec.args);
  fields.texts("env", spec.env);
  fields.text("cwd", spec.cwd);
  fields.flag("terminal", spec.terminal);
  fields.flag("stdin", spec.has_stdin);
  fields.text("user", spec.user);
  fields.texts("capabilities", capabilities);
  fields.flag("noNewPrivileges", spec.no_new_privileges);
  if (spec.cwd.empty()) spec.cwd = "/";

  Status status = fields.status();
  if (const Json* list = fields.any("rlimits"); status && list != nullptr)
    status = parse_limits(*list, spec.limits);
  if (const Json* list = fields.any("supplementalGroups"); status && list != nullptr)
    status = parse_groups(*list, spec.supplemental_groups);
  if (status) status = parse_capabilities(capabilities, spec.capabilities);
  if (status) status = check(spec);
  if (!status) return fail(std::move(status.error()));
  if (const Json* size = fields.any("size")) {
    auto parsed = read_size(*size, "process.size");
    if (!parsed) return fail(std::move(parsed.error()));
    spec.size = *parsed;
  }
  return spec;
}

Result<int> parse_signal(std::string_view text) {
  auto json = parse_json(text, "signal request");
  if (!json) return fail(std::move(json.error()));
  int signal = -1;
  JsonFields fields(*json, "signal request");
  fields.number("signal", signal, 1, SIGRTMAX);
  if (signal < 0) fields.complain("signal", "the number of a signal");
  if (auto status = fields.status(); !status) return fail(std::move(status.error()));
  return signal;
}

Result<TerminalSize> parse_terminal_size(std::string_view text) {
  auto json = parse_json(text, "resize request");
  if (!json) return fail(std::move(json.error()));
  return read_size(*json, "resize request");
}

}  // namespace bulkhead::guest
