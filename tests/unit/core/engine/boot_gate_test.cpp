#include "core/engine/boot_gate.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace bulkhead::engine {
namespace {

TEST(BootGate, LetsSoManyInAndTheNextWhenOneLeaves) {
  BootGate gate(2);
  std::vector<int> order;
  std::vector<BootGate::Turn> turns;
  for (int i = 0; i < 4; ++i) {
    gate.enter([&, i](BootGate::Turn turn) {
      order.push_back(i);
      turns.push_back(std::move(turn));
    });
  }
  EXPECT_EQ(order, (std::vector{0, 1}));
  std::exchange(turns[0], nullptr).reset();
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
  std::exchange(turns[1], nullptr).reset();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
}

TEST(BootGate, WhoDoesntWantItsTurnAnyMorePassesItOn) {
  BootGate gate(1);
  std::vector<BootGate::Turn> turns;
  gate.enter([&](BootGate::Turn turn) { turns.push_back(std::move(turn)); });
  gate.enter([](const BootGate::Turn&) {});
  bool third = false;
  gate.enter([&](const BootGate::Turn&) { third = true; });
  turns.clear();
  EXPECT_TRUE(third);
}

TEST(BootGate, ATurnMayOutliveTheGate) {
  BootGate::Turn kept;
  {
    BootGate gate(1);
    gate.enter([&](BootGate::Turn turn) { kept = std::move(turn); });
  }
  kept.reset();
}

}  // namespace
}  // namespace bulkhead::engine
