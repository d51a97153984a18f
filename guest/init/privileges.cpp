#include "guest/init/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "guest/core/errors.hpp"

namespace bulkhead::guest {

Status limit_capabilities(CapabilitySet bounding) {
  for (int number = 0; number < 64; number++) {
    if ((bounding & capability_bit(number)) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    // The kernel's last capability is behind us.
    if (errno == EINVAL) return {};
    return fail_now("limit the capabilities");
  }
  return {};
}

// libcap would do this; two words through one system call aren't worth a library in PID 1.
Status set_capabilities(CapabilitySet capabilities) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  for (int word = 0; word < 2; word++)
    data[word].effective = data[word].permitted =
        static_cast<uint32_t>(capabilities >> (32 * word));
  if (syscall(SYS_capset, &header, data) != 0) return fail_now("set the capabilities");
  return {};
}

}  // namespace bulkhead::guest
