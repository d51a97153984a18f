// State as the API shows it (docs/reference/api.md): pure, keys sorted, absent optionals left out.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// A full id, else a unique prefix; an ambiguous prefix is a conflict that lists the matches.
Result<const ContainerState*> find_container(const State& state, std::string_view id_or_prefix);
// A reference (short names are normalised), "sha256:<hex>", or a unique hex prefix of at least 4
// characters.
Result<const ImageState*> find_image(const State& state, std::string_view ref);

Json container_view(const State& state, const ContainerState& container);
Json containers_view(const State& state,
                     bool all);  // by creation; without all only running and stopping ones
Json image_view(const State& state, const ImageState& image);
Json images_view(const State& state);  // by reference, then dangling ones by digest
// "value" is what was set, or null; property_view() also gives the default.
Json properties_view(const State& state);
Result<Json> property_view(const State& state, const std::string& key);
// What was set, or else the default, as its type has it; null if there is neither.
Json property_in_force(const State& state, const std::string& key);

}  // namespace bulkhead::model
