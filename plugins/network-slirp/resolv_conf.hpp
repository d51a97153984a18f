// The host's resolvers, from /etc/resolv.conf: its nameserver lines, as resolv.conf(5) describes
// them. Read again when the file has changed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "address.hpp"

namespace bulkhead::net {

struct Resolver {
  Ip ip;
  std::string zone;  // of a link-local address: the interface
};

// At most three, as the C library takes them; none named means the host's own.
std::vector<Resolver> parse_resolv_conf(std::string_view text);

class ResolvConf {
 public:
  explicit ResolvConf(std::string path) : path_(std::move(path)) {}
  const std::vector<Resolver>& resolvers();

 private:
  struct Stamp {
    int64_t seconds = 0, nanoseconds = 0, size = -1;
    uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };

  std::string path_;
  Stamp stamp_;
  std::vector<Resolver> resolvers_ = parse_resolv_conf("");
};

}  // namespace bulkhead::net
