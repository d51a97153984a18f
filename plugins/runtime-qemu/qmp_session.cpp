#include "qmp_session.hpp"

#include <utility>

namespace bulkhead::qemu {
namespace {

constexpr size_t kLongestLine = 64 * 1024;

// Member of an object as an object; an empty one if it isn't there or something else.
const Json& member(const Json& object, const char* key) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : kEmpty;
}

std::string command_line(std::string_view command, const Json& arguments, int64_t id) {
  Json line = {{"execute", command}, {"id", id}};
  if (!arguments.empty()) line["arguments"] = arguments;
  return dump_json(line) + "\n";
}

}  // namespace

Status QmpSession::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t newline = bytes.find('\n');
    if (line_.size() + std::min(newline, bytes.size()) > kLongestLine) {
      return fail(Code::kCorrupt, "QEMU sent a control message of more than 64 KiB");
    }
    if (newline == std::string_view::npos) {
      line_ += bytes;
      return {};
    }
    line_ += bytes.substr(0, newline);
    bytes.remove_prefix(newline + 1);
    if (auto taken = take_line(std::exchange(line_, {})); !taken) return taken;
  }
  return {};
}

void QmpSession::execute(std::string_view command, const Json& arguments, Done done) {
  const int64_t id = next_id_++;
  pending_.emplace(id, std::move(done));
  (greeted() ? output_ : waiting_) += command_line(command, arguments, id);
}

Status QmpSession::take_line(std::string_view line) {
  if (line.find_first_not_of(" \r\t") == std::string_view::npos) return {};
  const auto message = parse_json(line);
  if (!message || !message->is_object()) {
    return fail(Code::kCorrupt, "QEMU's control channel doesn't speak QMP");
  }
  if (!greeted()) return take_greeting(*message);
  if (message->contains("event")) {
    on_event_(string_or(*message, "event", ""), member(*message, "data"));
  } else {
    take_answer(*message);
  }
  return {};
}

Status QmpSession::take_greeting(const Json& greeting) {
  const Json& numbers = member(member(member(greeting, "QMP"), "version"), "qemu");
  if (numbers.empty()) return fail(Code::kCorrupt, "QEMU's control channel doesn't greet");
  version_ = std::to_string(integer_or(numbers, "major", -1)) + "." +
             std::to_string(integer_or(numbers, "minor", -1)) + "." +
             std::to_string(integer_or(numbers, "micro", -1));
  output_ += command_line("qmp_capabilities", Json::object(), 0) + std::exchange(waiting_, {});
  return {};
}

void QmpSession::take_answer(const Json& message) {
  const auto found = pending_.find(integer_or(message, "id", -1));
  if (found == pending_.end()) return;
  const Done done = std::move(found->second);
  pending_.erase(found);
  if (message.contains("error")) {
    done(fail(Code::kInternal, "QEMU: " + string_or(member(message, "error"), "desc", "")));
  } else {
    const auto result = message.find("return");
    done(result == message.end() ? Json::object() : *result);
  }
}

}  // namespace bulkhead::qemu
