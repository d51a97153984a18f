// A guest that sends anything at all. The first byte says how the rest is cut into reads and
// whether a well-behaved beginning comes before it, because few random bytes would ever find the
// way past that.
//
// Whatever comes, the client must not crash, must not hold more than its windows allow, and must
// end every exchange exactly once when it is told that the transport is gone.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "guest_output.hpp"
#include "h2_client.hpp"

namespace {

using namespace bulkhead;
using namespace bulkhead::qemu;

struct Exchange final : H2Exchange {
  explicit Exchange(H2Client& owner) : client(owner) {}

  Pulled pull_body(std::span<uint8_t> into) override {
    const size_t take = std::min<size_t>(into.size(), left);
    std::memset(into.data(), 'x', take);
    left -= take;
    return {take, left == 0};
  }
  void on_response(const H2Fields& fields) override {
    if (fields.status < 200) std::abort();
    (void)fields.number("x-pid");
  }
  void on_body(std::span<const uint8_t> bytes) override {
    held += bytes.size();
    if (held > H2Client::kStreamWindow) std::abort();
    if (!output.feed(bytes)) return;  // withheld from now on, as GuestProcess does
    client.consume(stream, held);
    held = 0;
  }
  bool on_answer_end() override { return two_way; }
  void on_trailers(const H2Fields& fields) override { (void)fields.number("x-exit-code"); }
  void on_end(const Status&) override {
    if (++ends > 1) std::abort();
  }

  H2Client& client;
  int32_t stream = 0;
  size_t left = 100'000;
  size_t held = 0;
  int ends = 0;
  bool two_way = false;
  GuestOutput output{[](LogStream, std::string_view) {}};
};

// An empty SETTINGS frame, and the head of a 200 answer on stream 1.
constexpr uint8_t kBeginning[] = {0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = 1 + data[0] / 3;
  constexpr size_t kBeginnings[] = {0, 9, sizeof kBeginning};
  const size_t beginning = kBeginnings[data[0] % 3];
  H2Client client;
  Exchange one(client), two(client);
  one.two_way = size % 2 == 0;
  one.stream = *client.open("POST", "/v1/processes/init", one);
  two.stream = *client.open("GET", "/v1/stats", two);
  std::string out;
  bool alive = client.take_output(out, SIZE_MAX).has_value();
  alive = alive && client.feed({kBeginning, beginning}).has_value();
  for (size_t at = 1; alive && at < size; at += piece) {
    alive = client.feed({data + at, std::min(piece, size - at)}).has_value();
    out.clear();
    alive = alive && client.take_output(out, SIZE_MAX).has_value();
  }
  client.fail_all({Code::kUnavailable, "gone", {}});
  if (one.ends != 1 || two.ends != 1) std::abort();
  return 0;
}
