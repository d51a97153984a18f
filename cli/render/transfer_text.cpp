#include "render/transfer_text.hpp"

#include <cstdio>

#include "bulkhead/size.hpp"

namespace bulkhead::cli {

namespace {

std::string there_already(size_t count) {
  return std::to_string(count) + (count == 1 ? " was" : " were") + " there already";
}

}  // namespace

std::string change_line(const TransferItem& item) {
  if (item.phase() != TransferItem::Phase::kSettled) return {};
  const std::string size = settled_size(item);
  return item.what + ": " + item.state + (size.empty() ? "" : ", " + size);
}

std::string settled_size(const TransferItem& item) {
  const bool unpacked = item.state == "unpacked";  // to `total`, not to what was moved
  if (item.there_already && !unpacked) return {};
  const uint64_t size = item.total > 0 || unpacked ? item.total : item.moved;
  return size > 0 ? format_size(size) : "";
}

std::string length_text(std::chrono::nanoseconds length) {
  const double seconds = std::chrono::duration<double>(length).count();
  char text[48];
  if (seconds < 59.95) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  } else {
    const auto whole = std::chrono::round<std::chrono::seconds>(length).count();
    std::snprintf(text, sizeof text, "%lld min %lld s", static_cast<long long>(whole / 60),
                  static_cast<long long>(whole % 60));
  }
  return text;
}

std::string summary_line(const Transfer& transfer, Instant now) {
  const Transfer::Sums sums = transfer.sums();
  if (sums.complete == 0) {
    return sums.there_already == 0 ? "" : "nothing to move: " + there_already(sums.there_already);
  }
  return std::to_string(sums.complete) + (sums.complete == 1 ? " blob, " : " blobs, ") +
         format_size(sums.moved) + " in " + length_text(now - transfer.started()) +
         (sums.there_already == 0 ? "" : "; " + there_already(sums.there_already));
}

}  // namespace bulkhead::cli
