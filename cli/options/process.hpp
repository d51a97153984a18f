// The options that describe a process (run, create, exec) and the "process" object of the API that
// they become.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"
#include "options/environment.hpp"

namespace bulkhead::cli {

inline constexpr Option kProcessOptions[] = {
    {.names = "-e, --env",
     .value = "<key[=value]>",
     .help = "Set an environment variable; without a value it is inherited",
     .repeats = true},
    {.names = "--env-file",
     .value = "<file>",
     .help = "Read environment variables from a file",
     .completes = Completes::kFile,
     .repeats = true},
    {.names = "--gid", .value = "<gid>", .help = "Group id of the process"},
    {.names = "-i, --interactive", .help = "Keep standard input open"},
    {.names = "-t, --tty", .help = "Give the process a terminal"},
    {.names = "-u, --user",
     .value = "<name|uid[:gid]>",
     .help = "User of the process; the image's by default"},
    {.names = "--uid", .value = "<uid>", .help = "User id of the process"},
    {.names = "-w, --workdir",
     .value = "<dir>",
     .help = "Working directory; the image's by default"},
    {.names = "--cwd", .value = "<dir>", .help = "The same as --workdir"},
};

inline constexpr Option kUlimitOption = {.names = "--ulimit",
                                         .value = "<type=soft[:hard]>",
                                         .help = "Set a resource limit, e.g. nofile=1024:2048",
                                         .repeats = true};

// Reads the --env-file files. `arguments` is the command line of the process.
Result<nlohmann::json> process_request(const Invocation& invocation,
                                       std::vector<std::string> arguments,
                                       const Environment& environment);

}  // namespace bulkhead::cli
