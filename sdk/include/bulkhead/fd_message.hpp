// Bytes with descriptors over a Unix stream socket (SCM_RIGHTS).
//
// What the kernel promises and users of this file rely on: descriptors arrive with the first byte
// of the sendmsg() that carried them, and no recvmsg() returns the descriptors of two such sends at
// once. Earlier bytes without descriptors may come in the same read, so a protocol must say itself
// which of its messages a descriptor belongs to (frame.hpp). Received ones are close-on-exec from
// the start. Nothing here raises SIGPIPE.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

// More than any message of ours needs; the kernel's own limit is 253.
inline constexpr size_t kMaxFdsPerMessage = 16;

// How many bytes were taken, at least one; kRetry if the socket is full. Descriptors go with the
// first byte or not at all, and stay the caller's. Without descriptors it writes to pipes and
// terminals too.
Result<size_t> send_message(int socket, const void* bytes, size_t size,
                            std::span<const int> fds = {});

// How many bytes came, 0 at the end of the stream; kRetry if there are none yet. Descriptors are
// appended to `fds`; more than kMaxFdsPerMessage at once are kCorrupt. Reads pipes and terminals
// too.
Result<size_t> receive_message(int socket, void* buffer, size_t size, std::vector<UniqueFd>& fds);

// All of it, waiting as long as that takes, whether the socket blocks or not.
Status send_all(int socket, const void* bytes, size_t size, std::span<const int> fds = {});

}  // namespace bulkhead
