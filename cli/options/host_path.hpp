// Paths of files and folders of the host, as options name them: relative ones are meant from the
// current directory, and are made absolute before they go anywhere else.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

// `what` begins the sentence of a failure: "--kernel". Whether there is such a file is for who uses
// it to find out.
Result<std::string> parse_host_path(const std::string& text, std::string_view what);

}  // namespace bulkhead::cli
