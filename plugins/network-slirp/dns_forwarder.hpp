// Questions about names that aren't ours go to the host's resolvers, one after the other until one
// knows; a resolver that fails or says that it failed is followed by the next, and the only one is
// asked twice. Bounded per asker and in all, so that one container can't take the names from the
// others.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "dns_exchange.hpp"

namespace bulkhead::net {

class DnsForwarder {
 public:
  static constexpr size_t kMost = 512;
  static constexpr size_t kMostPerAsker = 64;

  DnsForwarder(loop::Loop& loop, std::string resolv_conf, uint16_t port = DnsExchange::kDnsPort);

  // Whole and with the question's own id; SERVFAIL if nobody answered. May call back at once.
  using Done = std::function<void(Buffer answer)>;
  void forward(const Ip& asker, const DnsQuery& query, Bytes message, Done done);
  size_t open() const { return open_.size(); }

 private:
  struct Inquiry {
    Ip asker;
    DnsQuery query;
    Buffer message;
    Done done;
    std::vector<Resolver> left;
    Buffer unhappy;  // a resolver's own SERVFAIL or refusal
    std::unique_ptr<DnsExchange> exchange;
  };

  void ask_next(uint64_t number);
  void answered(uint64_t number, Buffer answer);
  void finish(uint64_t number, Buffer answer);

  loop::Loop& loop_;
  ResolvConf resolv_conf_;
  uint16_t port_;
  std::map<uint64_t, Inquiry> open_;
  std::map<Ip, size_t> askers_;
  uint64_t next_ = 0;
};

}  // namespace bulkhead::net
