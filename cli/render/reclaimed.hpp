// "Reclaimed 1.5 MB in disk space", and "Zero KB" for nothing, as the reference words it.
#pragma once

#include <cstdint>
#include <string>

namespace bulkhead::cli {

std::string reclaimed_line(uint64_t bytes);

}  // namespace bulkhead::cli
