// A transfer in sentences: what stands in a log, where no line can be taken back.
#pragma once

#include <chrono>
#include <string>

#include "render/transfer.hpp"

namespace bulkhead::cli {

// "layer 2 of 5: downloaded, 49 MB" for a change that says something is over; "" for others.
std::string change_line(const TransferItem& item);

// How large what is over is: what moved, or what was made of it; "" if it was there already.
std::string settled_size(const TransferItem& item);

// "12 blobs, 49 MB in 3.2 s; 2 were there already". "" if nothing was to be moved.
std::string summary_line(const Transfer& transfer, Instant now);

// "3.2 s", "1 min 5 s".
std::string length_text(std::chrono::nanoseconds length);

}  // namespace bulkhead::cli
