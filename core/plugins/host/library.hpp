// Mapping a plugin's library and judging its entry. Nothing of the plugin is called here.
//
// Rules (bulkhead/plugin.h): the major version is part of the symbol's name, so a plugin of another
// major is told apart before a byte of its entry is read; the same major loads whatever the minors
// are. A library is never unloaded: threads and thread-local destructors of foreign code may
// outlive everything we know of it.
#pragma once

#include <string>

#include "bulkhead/plugin.h"
#include "bulkhead/result.hpp"

namespace bulkhead::plugins {

// kUnsupported with a sentence that names both versions if the majors differ; kInvalid if it is no
// plugin at all.
Result<const bh_entry*> load_library(const std::string& file);

// The entry's own claims, without trusting them.
Status judge_entry(const std::string& file, const bh_entry& entry);

}  // namespace bulkhead::plugins
