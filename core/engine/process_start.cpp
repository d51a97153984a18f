#include "process_start.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace bulkhead::engine {

// Field 22 of /proc/<pid>/stat. The second one is the program's name in parentheses, which may hold
// anything, parentheses too; so it is counted from the last one on.
int64_t process_start_time(pid_t pid) {
  constexpr int kField = 22, kFirstAfterName = 3;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text(std::istreambuf_iterator<char>(file), {});
  size_t name = text.rfind(')');
  if (name == text.npos) return 0;
  std::istringstream fields(text.substr(name + 1));
  std::string skipped;
  for (int i = kFirstAfterName; i < kField; ++i) fields >> skipped;
  int64_t ticks = 0;
  fields >> ticks;
  return fields ? ticks : 0;
}

}  // namespace bulkhead::engine
