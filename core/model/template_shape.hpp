// Machines that can be clones of one template have one shape: what the kernel saw of the machine
// while it booted. Disks, cards and folders are not part of it, nor is a container's exact memory:
// it is rounded up to a class, and the container's cgroup has the limit.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// The memory of the template for a container of so many bytes: the next power of two, at least
// 1 GiB. None above 8 GiB, where the kernel's own tables alone would fill hundreds of MiB in each.
std::optional<int64_t> template_memory(int64_t container_bytes);

// What a template for this machine (runtime.create's "machine") is made of; null if none can be.
Json template_shape(const Json& machine);

// {"memoryBytes", "cpus", "accelerator"} of a shape, for people.
Json template_view(std::string_view key, const TemplateState& saved);
// All, the newest first.
Json templates_view(const State& state);

// The keys that are one too many if at most `most` are to be kept, the oldest first.
std::vector<std::string> surplus_templates(const State& state, size_t most);

NewEvent template_built(std::string_view key, const TemplateState& saved, int64_t elapsed_ms);
NewEvent template_dropped(std::string_view key, std::string_view reason, const Origin& origin = {});

void evolve_template(State& state, const Event& event);

Json template_snapshot(const TemplateState& saved);
TemplateState template_from_snapshot(const Json& json);

}  // namespace bulkhead::model
