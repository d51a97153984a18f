#include "render/transfer_frame.hpp"

#include <algorithm>

#include "bulkhead/size.hpp"
#include "render/table.hpp"
#include "render/transfer_text.hpp"

namespace bulkhead::cli {

namespace {

using Phase = TransferItem::Phase;

constexpr size_t kSizesWidth = 15;  // "100 MB / 100 MB"
constexpr size_t kStateWidth = 11;  // "downloading"
constexpr size_t kGap = 2;
constexpr size_t kLeastBar = 8;
constexpr size_t kMostBar = 40;

constexpr const char* kGreen = "32";
constexpr const char* kCyan = "36";
constexpr const char* kDim = "2";

// A piece of a line: what is seen, and in which colour.
struct Cell {
  std::string text;
  const char* color = nullptr;
};

// One line, cut at the width it may have; the colours don't count.
std::string line_of(const std::vector<Cell>& cells, size_t width, bool color) {
  std::string line;
  for (const Cell& cell : cells) {
    const std::string text = cut_to_width(cell.text, width);
    width -= width_of(text);
    if (color && cell.color != nullptr && !text.empty()) {
      line += "\x1b[" + std::string(cell.color) + "m" + text + "\x1b[0m";
    } else {
      line += text;
    }
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string padded(std::string text, size_t width) {
  text = cut_to_width(text, width);
  text.append(width - width_of(text) + kGap, ' ');
  return text;
}

std::string repeated(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

double share_of(const TransferItem& item) {
  return std::min(1.0, static_cast<double>(item.done) / static_cast<double>(item.total));
}

// A settled item needs no bar, and where the end isn't known there is none to draw.
bool has_bar(const TransferItem& item) {
  return item.total > 0 && (item.phase() == Phase::kMoving || item.phase() == Phase::kWorking);
}

std::string sizes(const TransferItem& item) {
  if (item.phase() == Phase::kSettled) return settled_size(item);
  if (item.phase() == Phase::kWaiting) return item.total > 0 ? format_size(item.total) : "";
  if (item.total == 0) return item.done > 0 ? format_size(item.done) : "";
  return format_size(item.done) + " / " + format_size(item.total);
}

Cell state_cell(const TransferItem& item) {
  if (item.phase() == Phase::kSettled) return {item.state, kGreen};
  if (item.phase() == Phase::kWaiting) return {"waiting", kDim};
  const uint64_t speed = item.phase() == Phase::kMoving ? item.rate.per_second() : 0;
  return {speed > 0 ? format_size(speed) + "/s" : item.state};
}

// How a terminal's width is shared out, the same for all lines of a frame.
struct Columns {
  size_t width;
  size_t label;
  size_t bar = 0;  // 0: none
  bool sizes = false;

  Columns(size_t available, size_t longest_label)
      : width(available), label(std::min(longest_label, std::max<size_t>(available * 2 / 5, 8))) {
    const size_t others = label + kGap + kSizesWidth + kGap + kStateWidth;
    sizes = others <= width;
    if (others + kLeastBar + kGap <= width) bar = std::min(kMostBar, width - others - kGap);
  }
};

void add_bar(std::vector<Cell>& cells, const TransferItem& item, size_t length, bool unicode) {
  if (!has_bar(item)) {
    cells.push_back({padded("", length)});
    return;
  }
  const auto full = static_cast<size_t>(share_of(item) * static_cast<double>(length));
  cells.push_back({repeated(unicode ? "\u2501" : "#", full), kCyan});
  cells.push_back({repeated(unicode ? "\u2500" : "-", length - full), kDim});
  cells.push_back({std::string(kGap, ' ')});
}

std::string item_line(const TransferItem& item, const Columns& columns, FrameLook look) {
  std::vector<Cell> cells = {{padded(item.what, columns.label)}};
  if (columns.bar > 0) add_bar(cells, item, columns.bar, look.unicode);
  if (columns.sizes) cells.push_back({padded(sizes(item), kSizesWidth)});
  if (!columns.sizes && has_bar(item)) {
    cells.push_back({std::to_string(static_cast<int>(share_of(item) * 100)) + "%"});
  } else {
    cells.push_back(state_cell(item));
  }
  return line_of(cells, columns.width, look.color);
}

std::string progress_line(const Transfer& transfer, Instant now) {
  const Transfer::Sums sums = transfer.sums();
  std::string line =
      std::to_string(sums.settled) + " of " + std::to_string(transfer.items().size()) + " done";
  if (sums.moved > 0) line += ", " + format_size(sums.moved);
  if (sums.moved > 0 && sums.to_move > 0) line += " of " + format_size(sums.to_move);
  if (sums.per_second > 0) line += ", " + format_size(sums.per_second) + "/s";
  return line + ", " + length_text(now - transfer.started());
}

int urgency(const TransferItem& item) {
  switch (item.phase()) {
    case Phase::kMoving:
    case Phase::kWorking:
      return 0;
    case Phase::kWaiting:
      return 1;
    default:
      return 2;
  }
}

// The items that get a row, in their order.
std::vector<const TransferItem*> shown_items(const Transfer& transfer, size_t rows) {
  std::vector<const TransferItem*> shown;
  for (const TransferItem& item : transfer.items()) shown.push_back(&item);
  if (shown.size() <= rows) return shown;
  std::stable_sort(shown.begin(), shown.end(), [](const TransferItem* a, const TransferItem* b) {
    return urgency(*a) < urgency(*b);
  });
  shown.resize(rows);
  std::sort(shown.begin(), shown.end());  // all of one vector
  return shown;
}

}  // namespace

std::vector<std::string> transfer_frame(const Transfer& transfer, WindowSize size, FrameLook look,
                                        Instant now, bool over) {
  const size_t width = std::max<size_t>(size.columns, 2) - 1;
  const size_t rows = std::max<size_t>(size.rows, 3) - 2;  // but for the last line and the cursor's
  const size_t all = transfer.items().size();
  const auto shown = shown_items(transfer, all <= rows ? all : rows - 1);

  size_t longest_label = 0;
  for (const TransferItem& item : transfer.items()) {
    longest_label = std::max(longest_label, width_of(item.what));
  }
  const Columns columns(width, longest_label);
  std::vector<std::string> lines;
  for (const TransferItem* item : shown) lines.push_back(item_line(*item, columns, look));
  if (shown.size() < all) {
    const std::string more = "and " + std::to_string(all - shown.size()) + " more";
    lines.push_back(line_of({{more, kDim}}, width, look.color));
  }
  const std::string last = over ? summary_line(transfer, now) : progress_line(transfer, now);
  if (!last.empty()) lines.push_back(line_of({{last}}, width, look.color));
  return lines;
}

}  // namespace bulkhead::cli
