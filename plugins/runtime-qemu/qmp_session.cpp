#include "qmp_session.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace bulkhead::qemu {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestLine = 64 * 1024;

// Member of an object as an object; an empty one if it isn't there or something else.
const Json& member(const Json& object, const char* key) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : kEmpty;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

uint64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

std::string command_line(std::string_view command, uint64_t id) {
  return Json{{"execute", command}, {"id", id}}.dump() + "\n";
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

void QmpSession::execute(std::string_view command, Done done) {
  const uint64_t id = next_id_++;
  pending_.emplace(id, std::move(done));
  (greeted() ? output_ : waiting_) += command_line(command, id);
}

Status QmpSession::take_line(std::string_view line) {
  if (line.find_first_not_of(" \r\t") == std::string_view::npos) return {};
  const Json message = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!message.is_object()) return fail(Code::kCorrupt, "QEMU's control channel doesn't speak QMP");
  if (!greeted()) return take_greeting(message);
  if (message.contains("event")) {
    on_event_(text_of(message, "event"), member(message, "data"));
  } else {
    take_answer(message);
  }
  return {};
}

Status QmpSession::take_greeting(const Json& greeting) {
  const Json& numbers = member(member(member(greeting, "QMP"), "version"), "qemu");
  if (numbers.empty()) return fail(Code::kCorrupt, "QEMU's control channel doesn't greet");
  version_ = std::to_string(number_of(numbers, "major")) + "." +
             std::to_string(number_of(numbers, "minor")) + "." +
             std::to_string(number_of(numbers, "micro"));
  output_ += command_line("qmp_capabilities", 0) + std::exchange(waiting_, {});
  return {};
}

void QmpSession::take_answer(const Json& message) {
  const auto found = pending_.find(number_of(message, "id"));
  if (found == pending_.end()) return;
  const Done done = std::move(found->second);
  pending_.erase(found);
  if (message.contains("error")) {
    done(fail(Code::kInternal, "QEMU: " + text_of(member(message, "error"), "desc")));
  } else {
    const auto result = message.find("return");
    done(result == message.end() ? Json::object() : *result);
  }
}

}  // namespace bulkhead::qemu
