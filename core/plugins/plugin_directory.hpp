// Which plugins are installed, and what they offer.
//
// A library can only say what it is once it is mapped, and the daemon maps no foreign code: a
// short-lived host does, prints what the plugin says of itself, and is gone. A library that can't
// be used is no reason to stop; it is listed with the reason, which names both versions if the
// plugin is of another time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::plugins {

struct PluginFile {
  std::string file;
  std::string id;
  std::string version;
  std::vector<std::string> capabilities;
};

struct RefusedPlugin {
  std::string file;
  std::string reason;
};

struct PluginDirectory {
  std::vector<PluginFile> plugins;  // in the order of their file names
  std::vector<RefusedPlugin> refused;

  // The one with this id if an id is given, else the first that offers the capability; null if
  // there is none.
  const PluginFile* offering(std::string_view capability, std::string_view id = {}) const;
};

// Looks at each *.so. Blocks for some milliseconds per plugin: not for the loop's thread once the
// service runs.
Result<PluginDirectory> scan_plugins(const std::string& directory, const std::string& host_program);

// One library.
Result<PluginFile> describe_plugin(const std::string& file, const std::string& host_program);

}  // namespace bulkhead::plugins
