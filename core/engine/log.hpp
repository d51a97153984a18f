// The service's log: one line per happening on stderr, which `system start` points at
// logs/apiserver.log.
//
//     2026-11-24T02:50:00.123456Z warning plugin storage-local: restarted after signal 11
//
// By hand and not spdlog, because a line is one write(2) to one place and the daemon's memory is
// budgeted; the time comes first and in a fixed width so that `container system logs --last` can
// cut by it.
#pragma once

#include <string_view>

namespace bulkhead::log {

enum class Level { kDebug, kInfo, kWarning, kError };

void set_level(Level level);
void write(Level level, std::string_view text);

inline void debug(std::string_view text) {
  write(Level::kDebug, text);
}
inline void info(std::string_view text) {
  write(Level::kInfo, text);
}
inline void warning(std::string_view text) {
  write(Level::kWarning, text);
}
inline void error(std::string_view text) {
  write(Level::kError, text);
}

}  // namespace bulkhead::log
