// Bodies of a host that runs foreign code: each decoder gives a message or an error and reads
// nothing beyond the end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/plugins/messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::plugins;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  decode_hello(body);
  decode_log(body);
  if (const auto message = decode_submit(body)) {
    if (encode_submit(message->method, message->request) != body) std::abort();
  }
  if (const auto message = decode_emit(body)) {
    if (encode_emit(message->report, message->type, message->event) != body) std::abort();
  }
  if (const auto error = decode_error(body)) {
    if (encode_error(*error) != body) std::abort();
  }
  if (const auto message = decode_complete(body)) {
    const auto* error = message->error ? &*message->error : nullptr;
    const std::string spelling = encode_complete(message->report, message->result, error);
    const auto again = decode_complete(spelling);
    if (!again || again->report != message->report || again->result != message->result)
      std::abort();
  }
  return 0;
}
