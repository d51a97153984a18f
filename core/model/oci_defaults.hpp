// Paths of /proc and /sys that an OCI container doesn't see or can't write, unless asked otherwise.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"

namespace bulkhead::model {

const std::vector<std::string>& default_masked_paths();
const std::vector<std::string>& default_readonly_paths();

// defaults + given in order, where "NONE" clears what came before it. Relative paths are refused.
// `what` names the option in the sentence ("masked path").
Result<std::vector<std::string>> resolve_paths(const std::vector<std::string>& defaults,
                                               const Json& given, std::string_view what);

inline constexpr int64_t kDefaultShmBytes = 64 << 20;
inline constexpr int64_t kMinimumMemoryBytes = 200 << 20;
inline constexpr int64_t kMaximumMemoryBytes = int64_t{64} << 40;
inline constexpr int64_t kMaximumCpus = 64;  // CONFIG_NR_CPUS of the guest kernel

}  // namespace bulkhead::model
