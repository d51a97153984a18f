#include "client/line_stream.hpp"

namespace bulkhead::cli {

namespace {

constexpr size_t kLongestLine = 16UL << 20;

}  // namespace

Result<std::optional<std::string>> LineStream::next(const Exchange::Wait& wait) {
  while (true) {
    if (const size_t end = pending_.find('\n', searched_); end != std::string::npos) {
      std::string line = pending_.substr(begin_, end - begin_);
      begin_ = searched_ = end + 1;
      return std::optional(std::move(line));
    }
    pending_.erase(0, begin_);
    begin_ = 0;
    searched_ = pending_.size();
    if (pending_.size() > kLongestLine) {
      return fail(Code::kInternal, "a line of the service's answer is longer than 16 MiB");
    }
    auto piece = exchange_.read_piece(wait);
    if (!piece) return fail(std::move(piece.error()));
    if (piece->empty()) break;
    pending_ += *piece;
  }
  if (pending_.empty()) return std::optional<std::string>();
  searched_ = 0;
  return std::optional(std::exchange(pending_, {}));
}

}  // namespace bulkhead::cli
