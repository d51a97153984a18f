// The options of what goes to or comes from a registry: pull, push, and run and create, which pull
// what isn't there. pull_request() joins them into the request of the API.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"
#include "options/environment.hpp"

namespace bulkhead::cli {

inline constexpr Option kSchemeOption = {
    .names = "--scheme",
    .value = "<scheme>",
    .help = "How to talk to the registry; auto is http on this host and in private networks",
    .choices = "http|https|auto",
    .fallback = "auto"};
inline constexpr Option kProgressOption = {
    .names = "--progress",
    .value = "<style>",
    .help =
        "How to show progress on standard error; auto is color on a terminal and plain "
        "elsewhere, json is the service's own lines",
    .choices = "auto|none|ansi|plain|color|json",
    .fallback = "auto"};
inline constexpr Option kOnlyArchOption = {
    .names = "-a, --arch", .value = "<arch>", .help = "Only this architecture"};
inline constexpr Option kOnlyOsOption = {
    .names = "--os", .value = "<os>", .help = "Only this operating system"};
inline constexpr Option kOnlyPlatformOption = {
    .names = "--platform",
    .value = "<os/arch[/variant]>",
    .help = "Only this platform; wins over --os and --arch"};
inline constexpr Option kNoProgressOption = {.names = "-q, --quiet", .help = "Show no progress"};
inline constexpr Option kDownloadsOption = {.names = "--max-concurrent-downloads",
                                            .value = "<number>",
                                            .help = "Blobs to download at once, at most 64",
                                            .fallback = "3"};

// POST /v1/images/pull for `reference`, with the platform that is chosen or, without one, the
// service's own.
Result<nlohmann::json> pull_request(const Invocation& invocation, const std::string& reference,
                                    const Environment& environment);

}  // namespace bulkhead::cli
