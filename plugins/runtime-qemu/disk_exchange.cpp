#include "disk_exchange.hpp"

#include <memory>
#include <utility>

namespace bulkhead::qemu {
namespace {

struct Exchange {
  size_t answers_due = 0;
  std::function<void(const Status&)> done;
};

}  // namespace

void exchange_disks(QemuProcess& qemu, const std::vector<DiskChange>& changes, unsigned round,
                    std::function<void(const Status&)> done) {
  auto exchange = std::make_shared<Exchange>();
  exchange->answers_due = 2 * changes.size();
  exchange->done = std::move(done);
  auto answered = [exchange](const std::string& disk, const Result<Json>& answer) {
    --exchange->answers_due;
    if (!exchange->done || (answer && exchange->answers_due > 0)) return;
    const auto over = std::exchange(exchange->done, nullptr);
    if (answer) return over({});
    over(fail(Error(answer.error()).context("change the disk " + disk)));
  };
  for (const DiskChange& change : changes) {
    const std::string& disk = change.node.name;
    const std::string below = disk + "-" + std::to_string(round);
    auto told = [answered, disk](const Result<Json>& answer) { answered(disk, answer); };
    qemu.execute("blockdev-add", loose_node(below, change.below, change.node.read_only), told);
    qemu.execute("blockdev-reopen", {{"options", Json::array({block_node(change.node, below)})}},
                 told);
  }
}

}  // namespace bulkhead::qemu
