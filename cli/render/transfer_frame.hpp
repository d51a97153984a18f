// A transfer on a terminal, as it stands now: a line for each item and a last one for all.
//
//     layer 2 of 5  ━━━━━━━━━━━━━━──────────  12 MB / 49 MB  4.1 MB/s
//     layer 3 of 5                            1.2 MB         unpacked
//     3 of 5 done, 18 MB of 49 MB, 4.1 MB/s, 3.2 s
//
// No line is as wide as the terminal, so that none wraps, and all of them fit above the line that
// the cursor is in. What is under way comes before what waits and what is over; those that have no
// row are counted. In narrow terminals first the bar goes, then the sizes.
#pragma once

#include <string>
#include <vector>

#include "render/transfer.hpp"
#include "terminal/raw_mode.hpp"

namespace bulkhead::cli {

struct FrameLook {
  bool color = false;
  bool unicode = false;
};

// Without the lines' ends. `over`: the last line is the summary.
std::vector<std::string> transfer_frame(const Transfer& transfer, WindowSize size, FrameLook look,
                                        Instant now, bool over = false);

}  // namespace bulkhead::cli
