// How many machines boot at once under emulation.
//
// A kernel that boots measures its timer against the time that passes, and takes it for right: a
// processor that is taken away meanwhile, because forty machines want to boot on two, leaves a
// guest whose timers run many times too slow, for ever (seen: 36 of 40). Nobody loses by waiting:
// boots on a busy processor take as long one after the other. Clones measure nothing and don't
// wait.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace bulkhead::engine {

class BootGate {
 public:
  // Held while a machine boots; the next one's turn comes when it is let go.
  using Turn = std::shared_ptr<void>;
  using Go = std::function<void(Turn)>;

  explicit BootGate(size_t at_once = std::max(2u, std::thread::hardware_concurrency()))
      : room_(std::make_shared<Room>(Room{at_once, {}})) {}

  // At once if there is room.
  void enter(Go go) {
    room_->waiting.push_back(std::move(go));
    admit(room_);
  }

 private:
  struct Room {
    size_t free;
    std::deque<Go> waiting;
  };

  static void admit(const std::shared_ptr<Room>& room) {
    while (room->free > 0 && !room->waiting.empty()) {
      Go go = std::move(room->waiting.front());
      room->waiting.pop_front();
      --room->free;
      go(Turn(nullptr, [weak = std::weak_ptr<Room>(room)](void*) {
        const auto left = weak.lock();
        if (!left) return;
        ++left->free;
        admit(left);
      }));
    }
  }

  std::shared_ptr<Room> room_;
};

}  // namespace bulkhead::engine
