// Who a process runs as, by the image's own /etc/passwd and /etc/group.
//
// The text of a user is OCI's and Docker's: "", "name", "uid", and either with ":group" or ":gid".
// A name must be in the file; a number needn't be, it then has group 0 and the home "/". Without an
// explicit group the user's memberships of /etc/group apply, with one they don't. Lines that make
// no sense are skipped, as libc does: an image's passwd is foreign.
//
// Pure functions over the files' text. getpwnam would read this VM's files and load NSS modules,
// and there are neither.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string home = "/";
};

Result<Identity> resolve_identity(std::string_view user, std::string_view passwd,
                                  std::string_view group);

}  // namespace bulkhead::guest
