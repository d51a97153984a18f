// The name servers of this host, as /etc/resolv.conf has them (resolv.conf(5)): lines "nameserver
// ADDRESS", at most three count. Read anew when the file has changed, so that a laptop that moves
// to another network needs nothing.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::network::dns {

// Without any: the one on this host, as the resolver library has it.
std::vector<std::string> nameservers_in(std::string_view text);

class ResolvConf {
 public:
  explicit ResolvConf(std::string path) : path_(std::move(path)) {}
  const std::vector<std::string>& nameservers();

 private:
  std::string path_;
  struct stat seen_ {};
  bool read_ = false;
  std::vector<std::string> nameservers_ = {"127.0.0.1"};
};

}  // namespace bulkhead::network::dns
