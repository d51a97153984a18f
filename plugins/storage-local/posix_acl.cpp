#include "posix_acl.hpp"

#include <archive.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace bulkhead::storage {
namespace {

constexpr uint32_t kVersion = 2;
constexpr uint32_t kNoId = 0xffffffff;

struct Rule {
  uint16_t tag;
  uint16_t permissions;
  uint32_t id;
};

// The kernel's tags, in the order in which it wants the rules.
constexpr std::array<std::pair<int, uint16_t>, 6> kTags = {{
    {ARCHIVE_ENTRY_ACL_USER_OBJ, 0x01},
    {ARCHIVE_ENTRY_ACL_USER, 0x02},
    {ARCHIVE_ENTRY_ACL_GROUP_OBJ, 0x04},
    {ARCHIVE_ENTRY_ACL_GROUP, 0x08},
    {ARCHIVE_ENTRY_ACL_MASK, 0x10},
    {ARCHIVE_ENTRY_ACL_OTHER, 0x20},
}};

template <class Integer>
void append_le(std::string& out, Integer value) {
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::vector<Rule> rules_of(archive_entry* entry, int type) {
  std::vector<Rule> rules;
  archive_entry_acl_reset(entry, type);
  int rule_type = 0, permissions = 0, tag = 0, id = 0;
  const char* name = nullptr;
  while (archive_entry_acl_next(entry, type, &rule_type, &permissions, &tag, &id, &name) ==
         ARCHIVE_OK) {
    const auto known =
        std::find_if(kTags.begin(), kTags.end(), [&](auto& t) { return t.first == tag; });
    if (known == kTags.end()) continue;
    const bool named = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP;
    if (named && id < 0) continue;  // a name without a number means nothing outside its own system
    rules.push_back({known->second, static_cast<uint16_t>(permissions & 7),
                     named ? static_cast<uint32_t>(id) : kNoId});
  }
  std::sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) {
    return std::pair(a.tag, a.id) < std::pair(b.tag, b.id);
  });
  return rules;
}

}  // namespace

std::string posix_acl_value(archive_entry* entry, int type) {
  if ((archive_entry_acl_types(entry) & type) == 0) return {};
  const std::vector<Rule> rules = rules_of(entry, type);
  if (type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS && rules.size() <= 3)
    return {};  // only what the mode says anyway
  std::string value;
  append_le(value, kVersion);
  for (const Rule& rule : rules) {
    append_le(value, rule.tag);
    append_le(value, rule.permissions);
    append_le(value, rule.id);
  }
  return rules.empty() ? std::string() : value;
}

}  // namespace bulkhead::storage
