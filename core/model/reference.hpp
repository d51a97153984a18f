// Image references: "web" -> "docker.io/library/web:latest". One spelling per image, so that names
// can be compared.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::model {

// Adds the registry (property registry.domain), "library/" on Docker Hub, and ":latest". Keeps a
// digest.
Result<std::string> normalise_reference(std::string_view text, std::string_view registry);

}  // namespace bulkhead::model
