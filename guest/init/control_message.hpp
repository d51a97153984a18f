// Messages on the control socket between PID 1 and the container's first process: a length, that
// many bytes, and with the first of them four descriptors, or none. Both ends are this program; the
// socket is closed before a program of the image runs.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

using PassedDescriptors = std::array<int, 4>;  // in, out, err, error

Status send_message(int socket, std::string_view text, const PassedDescriptors* fds);
// Waits. The other end's disappearance is an error. fds: where descriptors go that came along.
Result<std::string> receive_message(int socket, PassedDescriptors* fds);

}  // namespace bulkhead::guest
