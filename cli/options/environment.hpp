// Environment variables for the container's process: from files, then from -e, later ones replacing
// earlier ones by key. A key without '=' is inherited from the caller's own environment and dropped
// when it isn't set there.
//
// File format: one KEY=VALUE or KEY per line; blank lines and lines whose first character is '#'
// are skipped; blanks before the key are dropped, a blank inside it is an error; the value is taken
// as it stands, quotes and all.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

// The caller's environment; a function, so that tests bring their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// Entries in order of first appearance, one per key.
class EnvironmentList {
 public:
  explicit EnvironmentList(Environment inherited) : inherited_(std::move(inherited)) {}

  Status add(std::string_view entry);  // "KEY=VALUE" or "KEY"
  Status add_file(std::string_view text, std::string_view file_name);
  const std::vector<std::string>& entries() const { return entries_; }

 private:
  void put(std::string_view key, std::string entry);

  Environment inherited_;
  std::vector<std::string> entries_;
};

}  // namespace bulkhead::cli
