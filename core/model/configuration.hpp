// From what was asked (ContainerRequest of docs/reference/api.md), what the image says (OCI image
// config) and the system properties to Container.configuration: everything a start needs, decided
// once and recorded in the intent to create.
//
// The shape is the one that `container inspect` prints. Where it has no place for something we need
// (kernel, kernel arguments, runtime arguments), an optional key is added; nothing is renamed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

struct ConfigurationInput {
  std::string id;
  const Json& request;                           // ContainerRequest
  const ImageState& image;                       // reference and descriptor
  const Json& image_config;                      // OCI image config of the chosen variant
  Json platform;                                 // of that variant
  int64_t now_us = 0;                            // creationDate
  std::function<std::string()> fresh_name = {};  // for volumes that nobody named
};
struct Configuration {
  Json value;
  std::vector<std::string> warnings;
  Json volumes = Json::array();  // Mounts::missing
};
// `state` is read for properties, volumes, and whether there is a default network.
Result<Configuration> build_configuration(const State& state, const ConfigurationInput& input);

// The variant of an image for a platform ({"os", "architecture", "variant"?}); the sentence of
// failure lists what there is.
Result<const Json*> find_variant(const Json& image, const Json& platform);

}  // namespace bulkhead::model
