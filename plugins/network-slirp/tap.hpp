// The host's own interface on the network: a TAP that goes with this process, whatever ends it. It
// needs CAP_NET_ADMIN; without, published ports do the job.
//
// It has the last usable address of the subnet, and only that address is reached through it: the
// host's kernel would take packets for all its other addresses, too, and services that listen
// everywhere would be open to containers of networks that should reach nothing (to_host()).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "ethernet.hpp"
#include "poll_set.hpp"
#include "recent_flows.hpp"

namespace bulkhead::network {

class Tap {
 public:
  struct Plan {
    std::string name;
    Address4 ipv4{};
    int prefix = 24;
    Address6 ipv6{};
    int prefix6 = 64;
    int mtu = 1500;
    bool answers_only = false;  // members may answer the host, and not begin anything
  };
  static Result<std::unique_ptr<Tap>> open(const Plan& plan);

  // From a member: only what is for the host's address there, and within answers_only.
  void to_host(const Frame& frame, Milliseconds now);

  void fill(PollSet& set) { place_ = set.add(fd_.get(), POLLIN); }
  void handle(const PollSet& set, Milliseconds now, const std::function<void(Bytes)>& take);

  const std::string& name() const { return name_; }
  const Mac& mac() const { return mac_; }

  // Pure: whether `to_host` would let it through. flows: what the host has begun.
  static bool may_pass(const Frame& frame, const Plan& plan, const RecentFlows& flows,
                       Milliseconds now);

 private:
  Tap(UniqueFd fd, std::string name, const Mac& mac, Plan plan)
      : fd_(std::move(fd)), name_(std::move(name)), mac_(mac), plan_(std::move(plan)) {}

  UniqueFd fd_;
  std::string name_;
  Mac mac_;
  Plan plan_;
  RecentFlows flows_;
  int place_ = -1;
};

}  // namespace bulkhead::network
