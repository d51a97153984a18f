#include "render/field.hpp"

#include <nlohmann/json.hpp>

#include "command/words.hpp"

namespace bulkhead::cli {

using nlohmann::json;

const json& at(const json& tree, std::string_view path) {
  static const json kNull;
  const json* node = &tree;
  for (Words words(path, '.'); words.next();) {
    if (!node->is_object()) return kNull;
    const auto found = node->find(std::string(words.word()));
    if (found == node->end()) return kNull;
    node = &*found;
  }
  return *node;
}

std::string text_at(const json& tree, std::string_view path) {
  const json& node = at(tree, path);
  if (node.is_string()) return node.get<std::string>();
  if (node.is_null() || node.is_structured()) return {};
  return node.dump();
}

uint64_t number_at(const json& tree, std::string_view path) {
  const json& node = at(tree, path);
  if (node.is_number_unsigned()) return node.get<uint64_t>();
  if (node.is_number())
    return node.get<double>() > 0 ? static_cast<uint64_t>(node.get<double>()) : 0;
  return 0;
}

bool flag_at(const json& tree, std::string_view path) {
  const json& node = at(tree, path);
  return node.is_boolean() && node.get<bool>();
}

std::vector<std::string> texts_at(const json& tree, std::string_view path) {
  std::vector<std::string> texts;
  for (const json& item : list_at(tree, path)) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

const json& list_at(const json& tree, std::string_view path) {
  static const json kEmpty = json::array();
  const json& node = at(tree, path);
  return node.is_array() ? node : kEmpty;
}

}  // namespace bulkhead::cli
