// Errors as values. A function that can fail returns Result<T>; whoever passes a failure on adds
// the context that only it knows, so that the user reads one sentence: what failed, on what, why,
// and what to do.
//
//     Result<Layer> open_layer(...) {
//       auto blob = store.open(digest);
//       if (!blob) return fail(std::move(blob.error()).context("layer " + digest));
//
// The code travels unchanged from the place of failure to the exit status and the HTTP status. Its
// numbers are those of the plugin ABI (bulkhead/plugin.h), so that an error keeps its meaning
// across the library boundary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace bulkhead {

enum class Code : int32_t {
  kInternal = 1,                // a bug or an unexpected failure of the host system
  kUnsupported = 2,             // understood, but this build, host or plugin can't do it
  kNotFound = 3,                // the object named doesn't exist
  kConflict = 4,                // the object's state or another object is in the way
  kDenied = 5,                  // permission
  kInvalid = 7,                 // the request itself is wrong
  kRetry = 11,                  // the same request may succeed later
  kNoSpace = 12,                // disk full or a limit reached
  kCorrupt = 13,                // foreign bytes are not what they claim to be
  kTimeout = 14,                // a deadline passed
  kUnavailable = 50,            // a process or plugin that should answer is gone
  kCommandNotFound = 127,       // the container's command doesn't exist: the exit code shells use
  kCommandNotExecutable = 126,  // ... exists but can't be executed
};

struct Error {
  Code code = Code::kInternal;
  std::string message;  // one sentence without a full stop, most general context first, no newline
  std::string hint;     // what to do about it; may be empty

  // Prefixes the message with what was being done: "load web.tar: layer 2: unexpected end".
  Error context(std::string_view doing) && {
    message.insert(0, ": ");
    message.insert(0, doing);
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

using Failure = tl::unexpected<Error>;

inline Failure fail(Error error) {
  return Failure(std::move(error));
}
inline Failure fail(Code code, std::string message, std::string hint = {}) {
  return Failure(Error{code, std::move(message), std::move(hint)});
}

// "open /x: No such file or directory", with the code that fits the errno (ENOSPC -> kNoSpace,
// EACCES -> kDenied, ...).
Failure fail_errno(std::string_view doing, int errno_value);

}  // namespace bulkhead
