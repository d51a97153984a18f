// Whether anybody still waits for a transfer. A client that leaves loses its interest, and what
// reads its archive (a pipe that may stay silent for ever) or writes to it is called off, because
// everybody else's transfers queue behind it.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace bulkhead::engine {

class Interest {
 public:
  bool lost() const { return lost_; }
  void lose() {
    if (std::exchange(lost_, true)) return;
    if (auto call = std::exchange(on_lost_, nullptr)) call();
  }
  // At most one thing at a time is called off; at once if the interest is lost already.
  void on_lost(std::function<void()> call_off) {
    if (lost_) return call_off();
    on_lost_ = std::move(call_off);
  }
  void settle() { on_lost_ = nullptr; }

 private:
  bool lost_ = false;
  std::function<void()> on_lost_;
};

using InterestPtr = std::shared_ptr<Interest>;

}  // namespace bulkhead::engine
