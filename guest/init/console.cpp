#include "guest/init/console.hpp"

#include <sys/reboot.h>
#include <unistd.h>

#include <string>

namespace bulkhead::guest {

void say(std::string_view text) {
  std::string line = "bulkhead: ";
  line.append(text).append("\n");
  // A console that can't be written to has nobody who could be told.
  (void)!write(STDERR_FILENO, line.data(), line.size());
}

void die(std::string_view reason) {
  say(reason);
  sync();
  reboot(RB_AUTOBOOT);
  _exit(1);
}

}  // namespace bulkhead::guest
