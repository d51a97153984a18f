// One command line, understood: which options were given with which values, and the arguments in
// order. Values are text; what they mean is parsed by options/, which has the rules and the tests.
//
// Asking for an option that the command's table doesn't declare is a bug in this program and
// aborts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/table.hpp"

namespace bulkhead::cli {

class Invocation {
 public:
  explicit Invocation(const Command& command) : command_(&command) {}

  const Command& command() const { return *command_; }

  bool has(std::string_view key) const { return !values(key).empty(); }
  // All occurrences, in order; flags count as one empty value each.
  const std::vector<std::string>& values(std::string_view key) const;
  // The last occurrence: for options that don't repeat, the one that counts.
  std::optional<std::string> value(std::string_view key) const;
  // The value, or what the table names as the default.
  std::string value_or_default(std::string_view key) const;

  const std::vector<std::string>& arguments() const { return arguments_; }

  void add_value(std::string_view key, std::string value) {
    values_[std::string(key)].push_back(std::move(value));
  }
  void set_arguments(std::vector<std::string> arguments) { arguments_ = std::move(arguments); }

 private:
  const Command* command_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> arguments_;
};

}  // namespace bulkhead::cli
