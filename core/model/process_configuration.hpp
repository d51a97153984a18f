// The process of a container or of an exec: Apple's initProcess shape, from the request and the
// image's config.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"

namespace bulkhead::model {

// image < request; one entry per key, the last wins, in the order of first appearance.
Json merge_environment(const Json& image, const Json& request);

// ENTRYPOINT and CMD: an entrypoint in the request drops the image's CMD; arguments replace CMD.
Result<std::vector<std::string>> command_line(const Json& process, const Json& image_process);

// {"executable", "arguments", "environment", "workingDirectory", "terminal", "user",
// "supplementalGroups", "rlimits"}. image_process is the "config" object of the OCI image config.
Result<Json> init_process(const Json& process, const Json& image_process);

// The same for an exec: what isn't given comes from the container's own process.
Result<Json> exec_process(const Json& process, const Json& init);

}  // namespace bulkhead::model
