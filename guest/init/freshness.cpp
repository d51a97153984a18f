#include "guest/init/freshness.hpp"

#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "bulkhead/unique_fd.hpp"
#include "guest/core/errors.hpp"

namespace bulkhead::guest {

Status set_clock(int64_t time_us) {
  timespec time{};
  time.tv_sec = time_us / 1'000'000;
  time.tv_nsec = time_us % 1'000'000 * 1000;
  if (clock_settime(CLOCK_REALTIME, &time) != 0) return fail_now("set the clock");
  return {};
}

Status add_entropy(std::string_view bytes) {
  struct {
    int entropy_count;
    int buf_size;
    char buf[64];
  } pool{};  // struct rand_pool_info, whose array has no size of its own
  size_t size = std::min(bytes.size(), sizeof pool.buf);
  pool.entropy_count = static_cast<int>(size * 8);
  pool.buf_size = static_cast<int>(size);
  memcpy(pool.buf, bytes.data(), size);
  UniqueFd random(open("/dev/urandom", O_RDONLY | O_CLOEXEC));
  if (!random || ioctl(random.get(), RNDADDENTROPY, &pool) != 0 ||
      ioctl(random.get(), RNDRESEEDCRNG) != 0)
    return fail_now("add entropy");
  explicit_bzero(&pool, sizeof pool);
  return {};
}

}  // namespace bulkhead::guest
