// --format: the same tree as JSON, YAML or TOML for machines, or a table for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "command/table.hpp"

namespace bulkhead::cli {

enum class Format { kTable, kJson, kYaml, kToml };

inline constexpr Option kFormatOption = {.names = "--format",
                                         .value = "<format>",
                                         .help = "Output format",
                                         .choices = "table|json|yaml|toml",
                                         .fallback = "table"};

Format parse_format(std::string_view text);

// One line, keys sorted.
std::string compact_json(const nlohmann::json& tree);
// Two blanks of indentation, keys sorted.
std::string pretty_json(const nlohmann::json& tree);
std::string yaml_text(const nlohmann::json& tree);
std::string toml_text(const nlohmann::json& tree);

// For machines; `format` isn't kTable.
std::string document(const nlohmann::json& tree, Format format);

}  // namespace bulkhead::cli
