// Machines that can be clones of one template have one shape: what the kernel saw of the machine
// while it booted. Disks, cards and folders are not part of it, nor are a container's exact memory
// and number of CPUs: they are rounded up to a class, and the container's cgroup has the limit.
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

// Its CPUs for a container of so many: the next power of two, at least four.
int64_t template_cpus(int64_t container_cpus);

// What a template for this machine (runtime.create's "machine") is made of; null if none can be.
Json template_shape(const Json& machine);

// {"memoryBytes", "cpus", "accelerator"} of a shape, for people.
Json template_view(std::string_view key, const TemplateState& saved);
// All, the newest first.
Json templates_view(const State& state);

// What is too much by the properties template.maximum and template.maximumSize, the longest unused
// first. One may be as large as it likes.
struct SurplusTemplate {
  std::string key, reason;
};
std::vector<SurplusTemplate> surplus_templates(const State& state);

NewEvent template_built(std::string_view key, const TemplateState& saved, int64_t elapsed_ms);
NewEvent template_dropped(std::string_view key, std::string_view reason, const Origin& origin = {});

void evolve_template(State& state, const Event& event);

Json template_snapshot(const TemplateState& saved);
TemplateState template_from_snapshot(const Json& json);

}  // namespace bulkhead::model
