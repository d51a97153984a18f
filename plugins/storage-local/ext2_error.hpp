// libext2fs reports com_err numbers; here they become sentences.
#pragma once

#include <ext2fs/ext2fs.h>  // and, with C linkage, et/com_err.h

#include <cerrno>
#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead::storage {

inline Failure fail_ext2(const std::string& doing, errcode_t error) {
  if (error > 0 && error < 4096) return fail_errno(doing, static_cast<int>(error));
  return fail(Code::kInternal, doing + ": " + error_message(error));
}

}  // namespace bulkhead::storage
