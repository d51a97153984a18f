// Lets a clone give memory back without reaching for its template's.
//
// A page that the guest reports as free QEMU gives up in two steps: a hole in the file behind the
// memory (fallocate), then the mapping's page (madvise). A clone's file is its template's, which is
// sealed: the hole is refused, and QEMU then leaves out the second step, which is all that a
// private mapping needs. QEMU knows no way to leave out the first, so the call is supervised
// (seccomp_unotify(2)): for the template's file it is said to have succeeded; for every other file
// (the disks, which do get holes) it goes on.
//
// Nothing depends on it for safety: a QEMU that cheats here still can't change what is sealed.
#pragma once

#include <sys/types.h>

#include <memory>

#include "bulkhead/unique_fd.hpp"
#include "core/loop/handles.hpp"

namespace bulkhead::qemu {

class DiscardGuard {
 public:
  // The number of the supervised call.
  static int call();

  // `ram` is looked at and stays the caller's.
  DiscardGuard(loop::Loop& loop, UniqueFd supervisor, const UniqueFd& ram);

 private:
  void answer();
  bool is_ram(pid_t thread, int fd) const;

  UniqueFd supervisor_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::unique_ptr<loop::Poll> poll_;
};

}  // namespace bulkhead::qemu
