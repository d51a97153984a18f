#include "model/capabilities.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "bulkhead/capability_names.hpp"

namespace bulkhead::model {

const std::vector<std::string>& all_capabilities() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> names;
    for (std::string_view name : kCapabilityNames) names.push_back("CAP_" + std::string(name));
    return names;
  }();
  return all;
}

const std::vector<std::string>& default_capabilities() {
  static const std::vector<std::string> defaults = {
      "CAP_CHOWN",       "CAP_DAC_OVERRIDE", "CAP_FOWNER",
      "CAP_FSETID",      "CAP_KILL",         "CAP_SETGID",
      "CAP_SETUID",      "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE",
      "CAP_NET_RAW",     "CAP_SYS_CHROOT",   "CAP_MKNOD",
      "CAP_AUDIT_WRITE", "CAP_SETFCAP"};
  return defaults;
}

Result<std::string> normalise_capability(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return char(std::toupper(c)); });
  if (upper == "ALL" || upper == "CAP_ALL") return std::string("ALL");
  if (!upper.starts_with("CAP_")) upper.insert(0, "CAP_");
  const auto& all = all_capabilities();
  if (std::find(all.begin(), all.end(), upper) == all.end())
    return fail(Code::kInvalid, "\"" + std::string(name) + "\" is not a Linux capability",
                "names are those of capabilities(7), such as NET_ADMIN, or ALL");
  return upper;
}

std::vector<std::string> effective_capabilities(const std::vector<std::string>& add,
                                                const std::vector<std::string>& drop) {
  auto has_all = [](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), "ALL") != names.end();
  };
  std::set<std::string> chosen;
  if (!has_all(drop)) chosen.insert(default_capabilities().begin(), default_capabilities().end());
  if (has_all(add)) chosen.insert(all_capabilities().begin(), all_capabilities().end());
  chosen.insert(add.begin(), add.end());
  for (const std::string& name : drop) chosen.erase(name);

  std::vector<std::string> effective;
  for (const std::string& name : all_capabilities())
    if (chosen.count(name)) effective.push_back(name);
  return effective;
}

}  // namespace bulkhead::model
