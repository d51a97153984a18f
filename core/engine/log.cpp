#include "log.hpp"

#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>

namespace bulkhead::log {
namespace {

std::atomic<Level> threshold{Level::kInfo};

const char* name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    default:
      return "error";
  }
}

std::string now() {
  timeval tv{};
  gettimeofday(&tv, nullptr);
  tm parts{};
  gmtime_r(&tv.tv_sec, &parts);
  char text[48];
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", parts.tm_year + 1900,
           parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
           static_cast<long>(tv.tv_usec));
  return text;
}

}  // namespace

void set_level(Level level) {
  threshold = level;
}

void write(Level level, std::string_view text) {
  if (level < threshold) return;
  std::string line = now() + " " + name(level) + " ";
  line += text;
  for (char& c : line)
    if (c == '\n' || c == '\r')
      c = ' ';  // a line stays a line, whatever a guest or an archive put into it
  line += '\n';
  // A log that can't be written must not stop the service.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace bulkhead::log
