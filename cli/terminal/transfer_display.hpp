// Shows a transfer while it is under way, in the style that was asked for: frames that are drawn
// over each other, or lines, or nothing.
//
// A frame is one write, at most ten times a second, and draws over the former one without clearing
// it first, so that nothing flickers. Between frames the cursor is at the beginning of the line
// below, and it is never hidden: however the program ends, the terminal is as it should be.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "io/output.hpp"
#include "options/environment.hpp"
#include "render/transfer.hpp"
#include "render/transfer_frame.hpp"
#include "terminal/interrupt.hpp"

namespace bulkhead::cli {

enum class ProgressStyle { kNone, kPlain, kAnsi, kColor, kJson };

// What `option`, a value of --progress, means for `out`: auto is frames on a terminal that can show
// them, in colours unless NO_COLOR is set, and lines elsewhere.
ProgressStyle progress_style(std::string_view option, const Output& out,
                             const Environment& environment);

class TransferDisplay {
 public:
  TransferDisplay(Output& out, ProgressStyle style, const Environment& environment, Instant now);

  // A line of the service's answer, and what it says.
  void take(const std::string& line, const nlohmann::json& event, Instant now);
  // Milliseconds until draw() is due, for poll(); -1: when there is news.
  int wait_ms(Instant now) const;
  void draw(Instant now);
  // The last frame or line, if it all went well.
  void finish(Instant now);
  // The last frame of what has failed: as far as it came.
  void abandon(Instant now);

 private:
  bool has_frames() const {
    return style_ == ProgressStyle::kAnsi || style_ == ProgressStyle::kColor;
  }
  void show_note(const std::string& text, Instant now);
  void write_frame(const std::string& above, Instant now, bool over);

  Output& out_;
  ProgressStyle style_;
  FrameLook look_;
  Transfer transfer_;
  bool stale_ = false;  // the last frame isn't what is so
  Instant drawn_;
  size_t height_ = 0;  // of the last frame
  uint16_t columns_ = 0;
  LastWords end_of_line_;
};

}  // namespace bulkhead::cli
