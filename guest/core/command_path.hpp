// Where a command may be: execvp's rule, as a pure function, because execvp itself would search the
// PATH of PID 1 and would hand a file it can't execute to a shell that an image needn't have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::guest {

inline constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The value of name in "K=V" strings; of several the first, as getenv takes it. Null if there is
// none.
const char* find_variable(const std::vector<std::string>& env, std::string_view name);

// The paths to try, in order. A command with a slash is a path already.
std::vector<std::string> command_candidates(std::string_view command,
                                            const std::vector<std::string>& env);

}  // namespace bulkhead::guest
