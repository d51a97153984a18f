#include "options/host_path.hpp"

#include <filesystem>
#include <system_error>

#include "command/table.hpp"

namespace bulkhead::cli {

Result<std::string> parse_host_path(const std::string& text, std::string_view what) {
  if (text.empty()) return usage(std::string(what) + ": the path is empty");
  std::error_code error;
  const auto path = std::filesystem::absolute(text, error);
  if (error) {
    // Only a relative path can fail: the current directory was removed.
    return fail_errno("find '" + text + "' from the current directory", error.value());
  }
  return path.lexically_normal().string();
}

}  // namespace bulkhead::cli
