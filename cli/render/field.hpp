// Reading the service's trees without trusting their shape: a missing or mistyped field is empty,
// never an exception, so that a client of today can show the answers of a newer service.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::cli {

// The value at "configuration.image.reference", or null.
const nlohmann::json& at(const nlohmann::json& tree, std::string_view path);

std::string text_at(const nlohmann::json& tree, std::string_view path);
uint64_t number_at(const nlohmann::json& tree, std::string_view path);
bool flag_at(const nlohmann::json& tree, std::string_view path);
// The strings of an array.
std::vector<std::string> texts_at(const nlohmann::json& tree, std::string_view path);
// The elements, or an empty array.
const nlohmann::json& list_at(const nlohmann::json& tree, std::string_view path);

}  // namespace bulkhead::cli
