// The program that serves a host folder over virtio-fs: which there is, whether it can do what 9p
// does, and its command line. A pure function of what the host has, so that every host can be
// tested.
//
// There are two. QEMU's own (until 7.2, in C) changes its user for each file that it makes, so that
// as anybody but root it fails for every user of the container but one: it is for root only. It has
// no read-only mode either: it is started where it can't write (Program::read_only_folder). Its
// successor in Rust has both: it gives all users of the container the caller's.
//
// With either the guest keeps names and attributes for a second, and contents until it opens a file
// anew; locks stay in the guest, as with 9p; extended attributes go through.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/child.hpp"
#include "bulkhead/result.hpp"
#include "machine.hpp"

namespace bulkhead::qemu {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

// The descriptor at which it accepts its one connection.
inline constexpr int kShareListenerFd = 3;

// `given`, or else the first of the usual places that `exists`; kUnavailable if there is none that
// serves this user's folders.
Result<std::string> find_virtiofsd(const std::string& given, const std::string& path_variable,
                                   User user,
                                   const std::function<bool(const std::string&)>& exists);

// QEMU's own, told by its place: no other was ever put there.
bool is_qemus_own(std::string_view virtiofsd);

Program virtiofsd_program(const std::string& virtiofsd, const Share& share, User user);

}  // namespace bulkhead::qemu
