#include "render/reclaimed.hpp"

#include "bulkhead/size.hpp"

namespace bulkhead::cli {

std::string reclaimed_line(uint64_t bytes) {
  return "Reclaimed " + (bytes == 0 ? "Zero KB" : format_size(bytes)) + " in disk space";
}

}  // namespace bulkhead::cli
