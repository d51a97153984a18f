// The one place that knows Boost.DLL: it hides dlopen's differences between Linux and macOS.
#define BOOST_DLL_USE_STD_FS
#include "library.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <deque>

namespace bulkhead::plugins {
namespace {

constexpr unsigned kHighestMajorToRecognise = 9;

std::string symbol_of(unsigned major) {
  return "bulkhead_plugin_entry_v" + std::to_string(major);
}

Failure wrong_major(const std::string& file, unsigned major) {
  return fail(Code::kUnsupported,
              file + " is built for version " + std::to_string(major) +
                  " of the plugin interface, and this host offers version " +
                  std::to_string(BH_PLUGIN_MAJOR),
              major > BH_PLUGIN_MAJOR ? "update Bulkhead, or install an older release of the plugin"
                                      : "install a newer release of the plugin");
}

// What the loader says, without the file's name, which our sentence has already.
std::string loader_reason(const std::string& file) {
  const char* reason = ::dlerror();
  std::string text = reason == nullptr ? "unknown reason" : reason;
  if (text.starts_with(file + ": ")) text.erase(0, file.size() + 2);
  return text;
}

}  // namespace

Result<const bh_entry*> load_library(const std::string& file) {
  // Never destroyed, on purpose (see library.hpp), and reachable, for who looks for leaks.
  static auto* const loaded = new std::deque<boost::dll::shared_library>();
  boost::dll::shared_library* library = &loaded->emplace_back();
  boost::dll::fs::error_code error;
  library->load(file, error, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (error) return fail(Code::kInvalid, "load the plugin " + file + ": " + loader_reason(file));
  if (!library->has(symbol_of(BH_PLUGIN_MAJOR))) {
    for (unsigned major = 1; major <= kHighestMajorToRecognise; major++) {
      if (library->has(symbol_of(major))) return wrong_major(file, major);
    }
    return fail(Code::kInvalid,
                file + " is not a Bulkhead plugin: it has no symbol " + symbol_of(BH_PLUGIN_MAJOR));
  }
  // has() was true, so this doesn't throw.
  const auto& entry = library->get<const bh_entry>(symbol_of(BH_PLUGIN_MAJOR));
  if (auto judged = judge_entry(file, entry); !judged) return fail(std::move(judged.error()));
  return &entry;
}

Status judge_entry(const std::string& file, const bh_entry& entry) {
  if (entry.magic != BH_PLUGIN_MAGIC) {
    return fail(Code::kInvalid, file + " is not a Bulkhead plugin: its entry has the wrong magic");
  }
  if (entry.major != BH_PLUGIN_MAJOR) return wrong_major(file, entry.major);
  if (!BH_HAS(&entry, destroy)) {
    return fail(Code::kInvalid, file + " is not a valid plugin: its entry is too short");
  }
  if (entry.id == nullptr || entry.version == nullptr || entry.capabilities == nullptr ||
      entry.create == nullptr || entry.destroy == nullptr) {
    return fail(Code::kInvalid, file + " is not a valid plugin: its entry is incomplete");
  }
  return {};
}

}  // namespace bulkhead::plugins
