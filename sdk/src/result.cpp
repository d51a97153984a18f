#include "bulkhead/result.hpp"

#include <cerrno>
#include <system_error>

namespace bulkhead {
namespace {

// The meaning of an errno for whoever asked, not for whoever called: a full table of descriptors is
// as much "no space" as a full disk.
Code code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return Code::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kDenied;
    case EEXIST:
    case EBUSY:
    case EISDIR:
    case ENOTEMPTY:
    case EADDRINUSE:
      return Code::kConflict;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return Code::kNoSpace;
    case ENAMETOOLONG:
    case ELOOP:
      return Code::kInvalid;
    case ENOSYS:
    case EOPNOTSUPP:
      return Code::kUnsupported;
    case EAGAIN:
    case EINTR:
      return Code::kRetry;
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
    case ENOTCONN:
      return Code::kUnavailable;
    case ETIMEDOUT:
      return Code::kTimeout;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Failure fail_errno(std::string_view doing, int errno_value) {
  return fail(code_of(errno_value),
              std::string(doing) + ": " + std::generic_category().message(errno_value));
}

}  // namespace bulkhead
