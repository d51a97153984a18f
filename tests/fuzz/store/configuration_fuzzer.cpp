// A request to create a container as anyone may send it, and an image config as anyone may have
// built it. Refused with a sentence or turned into a configuration that makes bodies for the guest.
#include <cstdlib>

#include "bulkhead/json.hpp"
#include "model/configuration.hpp"
#include "model/container_decide.hpp"
#include "model/guest_bodies.hpp"
#include "model/read_json.hpp"
#include "model/signals.hpp"
#include "model/time_text.hpp"

using namespace bulkhead;
using namespace bulkhead::model;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_time(text);
  if (auto signal = parse_signal(text); signal && (*signal < 1 || *signal > 64)) std::abort();

  auto input = parse_json(text);
  if (!input) return 0;
  ImageState image;
  image.image = member(*input, "image");
  find_variant(image.image, member(*input, "platform"));
  auto configuration = build_configuration(
      {}, {"web", member(*input, "request"), image, member(*input, "config"), {}, 0});
  if (!configuration) {
    if (configuration.error().message.empty()) std::abort();
    return 0;
  }
  if (process_request(configuration->value)["args"].empty()) std::abort();
  guest_request(configuration->value, {});
  exec_process_request(configuration->value, member(*input, "exec"));
  decide_create({}, {"web", configuration->value, false, ""}, {});
  return 0;
}
