#include "guest/core/errors.hpp"

#include <cerrno>
#include <cstring>

namespace bulkhead::guest {
namespace {

Code code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return Code::kNotFound;
    case EEXIST:
    case EBUSY:
      return Code::kConflict;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kDenied;
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
      return Code::kInvalid;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return Code::kNoSpace;
    case EAGAIN:
    case EINTR:
      return Code::kRetry;
    case ENOSYS:
    case EOPNOTSUPP:
      return Code::kUnsupported;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Failure fail_with(std::string_view doing, int errno_value) {
  const char* why = strerrordesc_np(errno_value);
  std::string message(doing);
  message += ": ";
  message += why != nullptr ? why : "unknown error";
  return fail(code_of(errno_value), std::move(message));
}

Failure fail_now(std::string_view doing) {
  return fail_with(doing, errno);
}

int http_status(Code code) {
  switch (code) {
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kDenied:
      return 403;
    case Code::kInvalid:
    case Code::kCommandNotFound:
    case Code::kCommandNotExecutable:
      return 400;
    case Code::kUnsupported:
      return 501;
    case Code::kRetry:
    case Code::kUnavailable:
      return 503;
    case Code::kNoSpace:
      return 507;
    default:
      return 500;
  }
}

}  // namespace bulkhead::guest
