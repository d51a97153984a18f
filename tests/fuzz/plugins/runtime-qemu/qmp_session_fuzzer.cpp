// A QEMU that sends anything at all.
#include <cstdint>
#include <string_view>

#include "qmp_session.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::qemu;
  QmpSession session([](std::string_view name, const bulkhead::Json& event) {
    (void)name;
    (void)event.size();
  });
  session.execute("query-status", [](const bulkhead::Result<bulkhead::Json>&) {});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t half = size / 2;
  if (session.feed(text.substr(0, half))) (void)session.feed(text.substr(half));
  (void)session.take_output();
  return 0;
}
