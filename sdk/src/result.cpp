#include "bulkhead/result.hpp"

#include <cerrno>
#include <cstring>

namespace bulkhead {
namespace {

Code code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ESRCH:
      return Code::kNotFound;
    case EACCES:
    case EPERM:
      return Code::kDenied;
    case EEXIST:
    case EBUSY:
    case EADDRINUSE:
      return Code::kConflict;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::kNoSpace;
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
  char text[128];
  // The GNU variant, which returns its text instead of filling the buffer.
  return fail(code_of(errno_value),
              std::string(doing) + ": " + strerror_r(errno_value, text, sizeof text));
}

}  // namespace bulkhead
