#include "terminal/transfer_display.hpp"

#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/table.hpp"
#include "render/transfer_text.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds kFrameTime{100};
constexpr WindowSize kUsualSize = {24, 80};

// As the C library decides: the first that is set says it all.
bool speaks_utf8(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = environment(name);
    if (!value || value->empty()) continue;
    for (const char* spelling : {"UTF-8", "utf8", "UTF8", "utf-8"}) {
      if (value->find(spelling) != std::string::npos) return true;
    }
    return false;
  }
  return false;
}

bool is_set(const Environment& environment, const char* name) {
  const auto value = environment(name);
  return value && !value->empty();
}

}  // namespace

ProgressStyle progress_style(std::string_view option, const Output& out,
                             const Environment& environment) {
  if (option == "none") return ProgressStyle::kNone;
  if (option == "plain") return ProgressStyle::kPlain;
  if (option == "ansi") return ProgressStyle::kAnsi;
  if (option == "color") return ProgressStyle::kColor;
  if (option == "json") return ProgressStyle::kJson;
  if (!out.is_terminal() || environment("TERM") == "dumb") return ProgressStyle::kPlain;
  return is_set(environment, "NO_COLOR") ? ProgressStyle::kAnsi : ProgressStyle::kColor;
}

TransferDisplay::TransferDisplay(Output& out, ProgressStyle style, const Environment& environment,
                                 Instant now)
    : out_(out),
      style_(style),
      look_{style == ProgressStyle::kColor, speaks_utf8(environment)},
      transfer_(now),
      drawn_(now - kFrameTime),
      end_of_line_(out.fd(), !has_frames() ? ""
                             : look_.color ? "\x1b[0m\n"
                                           : "\n") {}

void TransferDisplay::take(const std::string& line, const json& event, Instant now) {
  if (style_ == ProgressStyle::kJson) out_.line(line);
  const std::string kind = text_at(event, "event");
  if (kind == "note") show_note(printable(text_at(event, "text")), now);
  if (kind != "item") return;
  const TransferItem* changed = transfer_.fold(event, now);
  stale_ = true;
  if (style_ != ProgressStyle::kPlain || changed == nullptr) return;
  if (const std::string text = change_line(*changed); !text.empty()) out_.line(text);
}

int TransferDisplay::wait_ms(Instant now) const {
  if (!has_frames() || !stale_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(drawn_ + kFrameTime - now);
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

void TransferDisplay::draw(Instant now) {
  if (wait_ms(now) == 0) write_frame("", now, false);
}

void TransferDisplay::finish(Instant now) {
  if (has_frames()) write_frame("", now, true);
  if (style_ != ProgressStyle::kPlain) return;
  if (const std::string text = summary_line(transfer_, now); !text.empty()) out_.line(text);
}

void TransferDisplay::abandon(Instant now) {
  if (has_frames() && stale_) write_frame("", now, false);
}

void TransferDisplay::show_note(const std::string& text, Instant now) {
  if (style_ == ProgressStyle::kPlain) out_.line(text);
  if (has_frames()) write_frame(text + "\x1b[K\n", now, false);
}

void TransferDisplay::write_frame(const std::string& above, Instant now, bool over) {
  const WindowSize size = window_size(out_.fd()).value_or(kUsualSize);
  std::string text;
  // In a window that has become narrower the former lines have wrapped, and where they begin is
  // anyone's guess: a new frame starts below.
  if (height_ > 0 && size.columns >= columns_) text = "\x1b[" + std::to_string(height_) + "A";
  text += above;
  const auto lines = transfer_frame(transfer_, size, look_, now, over);
  for (const std::string& line : lines) text += line + "\x1b[K\n";
  out_.write(text + "\x1b[J");
  height_ = lines.size();
  columns_ = size.columns;
  drawn_ = now;
  stale_ = false;
}

}  // namespace bulkhead::cli
