#include "socket_notices.hpp"

#include <optional>

#include "bulkhead/json.hpp"

namespace bulkhead::qemu {
namespace {

constexpr size_t kLongestLine = 256;

Failure broken() {
  return fail(Code::kCorrupt, "the guest's list of connections is not what it should be");
}

std::optional<uint64_t> number_at(const Json& object, const char* key) {
  const int64_t value = integer_or(object, key, -1);
  if (value < 0) return std::nullopt;
  return static_cast<uint64_t>(value);
}

}  // namespace

Status SocketNotices::feed(std::span<const uint8_t> bytes) {
  for (const uint8_t byte : bytes) {
    if (broken_) break;
    if (byte != '\n') {
      line_ += static_cast<char>(byte);
      broken_ = line_.size() > kLongestLine;
    } else if (auto taken = take_line(); !taken) {
      broken_ = true;
    }
  }
  if (broken_) return broken();
  return {};
}

Status SocketNotices::take_line() {
  const auto message = parse_json(std::exchange(line_, {}));
  if (!message || !message->is_object()) return broken();
  const auto socket = number_at(*message, "socket");
  const auto connection = number_at(*message, "connection");
  if (!socket || !connection) return broken();
  notice_({*socket, *connection});
  return {};
}

}  // namespace bulkhead::qemu
