// Bytes with descriptors over a Unix stream socket (SCM_RIGHTS). A descriptor arrives with the
// first byte of the message it was sent with, so a protocol attaches it to the frame that begins
// there. Received ones are close-on-exec from the start.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

inline constexpr size_t kMaxFdsPerMessage = 16;

// How many bytes were taken; kRetry if the socket is full. Descriptors go with the first byte or
// not at all.
Result<size_t> send_message(int socket, const void* bytes, size_t size,
                            std::span<const int> fds = {});

// How many bytes came, 0 at the end of the stream; kRetry if there are none yet. Descriptors are
// appended to `fds`; a peer that sends more than kMaxFdsPerMessage at once is an error. Works on
// pipes and files too (without descriptors).
Result<size_t> receive_message(int socket, void* buffer, size_t size, std::vector<UniqueFd>& fds);

// Blocking: all of it.
Status send_all(int socket, const void* bytes, size_t size, std::span<const int> fds = {});

}  // namespace bulkhead
