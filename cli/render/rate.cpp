#include "render/rate.hpp"

namespace bulkhead::cli {

namespace {

constexpr std::chrono::seconds kHalfWindow{2};
constexpr std::chrono::milliseconds kLeast{500};

}  // namespace

void Rate::note(uint64_t amount, Instant now) {
  const Point point{amount, now};
  if (!begun_ || amount < latest_.amount) from_ = later_ = point;
  begun_ = true;
  latest_ = point;
  if (now - later_.at < kHalfWindow) return;
  from_ = later_;
  later_ = point;
}

uint64_t Rate::per_second() const {
  const auto watched = latest_.at - from_.at;
  if (watched < kLeast) return 0;
  return static_cast<uint64_t>(static_cast<double>(latest_.amount - from_.amount) /
                               std::chrono::duration<double>(watched).count());
}

}  // namespace bulkhead::cli
