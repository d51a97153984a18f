// The first thing a daemon does: hosts that live are adopted, those that died are said so, and
// every intent that was open when the last daemon ended gets an outcome, by asking who knows or by
// finishing it. Then orphans are collected.
//
//     1. each container with a host: connect to its socket, or journal its end
//     2. each open operation, by type (Containers::recover_*, Images::recover, Kernels::recover):
//     first those that are asked after, oldest first, then stops and kills, which are repeated. A
//     stop may take as long as it was given, so nobody waits for it here.
//     3. a container that counts as running but has no host has ended
//     4. host sockets that no container claims: those hosts are ended; then storage.gc
//
// The daemon begins to listen when done() is called.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "containers.hpp"
#include "images.hpp"
#include "kernels.hpp"
#include "volumes.hpp"

namespace bulkhead::engine {

class Recovery : public std::enable_shared_from_this<Recovery> {
 public:
  struct Parts {
    store::Ledger& ledger;
    Operations& operations;
    Containers& containers;
    Images& images;
    Kernels& kernels;
    HostPort& hosts;
    std::string socket_dir;
    bool clean;  // the last daemon ended in order
    Volumes& volumes;
  };
  Recovery(Parts parts, std::function<void()> done)
      : parts_(std::move(parts)), done_(std::move(done)) {}
  void begin();

 private:
  void adopt_hosts();
  void next_operation();
  void recover(const model::Operation& operation, std::function<void()> then);
  void collect();
  void end_orphans();

  Parts parts_;
  std::function<void()> done_;
  size_t adopting_ = 0;
  std::deque<model::Operation> open_;  // still to be dealt with
  bool closed_some_ = false;
};

}  // namespace bulkhead::engine
