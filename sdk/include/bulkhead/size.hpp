// Sizes as people write and read them.
//
// Written: binary whatever the spelling, since nobody means a decimal megabyte by "-m 512m": K M G
// T P, each also with B or iB, in any case; a bare number is bytes. Read: tables of files and
// images are decimal ("1.5 MB", what disks and downloads are sold by), memory is binary ("1.5
// MiB").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead {

Result<uint64_t> parse_size(std::string_view text);

std::string format_size(uint64_t bytes);         // "0 B", "999 B", "1.5 MB", "12 GB"
std::string format_binary_size(uint64_t bytes);  // "512 B", "1.5 MiB", "12 GiB"

}  // namespace bulkhead
