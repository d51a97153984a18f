#include "resolv_conf.hpp"

#include <arpa/inet.h>

#include <fstream>
#include <sstream>

namespace bulkhead::network::dns {
namespace {

constexpr std::size_t kMost = 3;

bool is_address(const std::string& text) {
  unsigned char bytes[16];
  // "fe80::1%eth0" is one, too.
  std::string plain = text.substr(0, text.find('%'));
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, plain.c_str(), bytes) == 1;
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

std::vector<std::string> nameservers_in(std::string_view text) {
  std::vector<std::string> servers;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string keyword, address;
    if (words >> keyword >> address && keyword == "nameserver" && is_address(address) &&
        servers.size() < kMost)
      servers.push_back(address);
  }
  if (servers.empty()) servers.emplace_back("127.0.0.1");
  return servers;
}

const std::vector<std::string>& ResolvConf::nameservers() {
  struct stat now {};
  if (stat(path_.c_str(), &now) != 0) return nameservers_;  // being replaced: as before
  if (read_ && same(now, seen_)) return nameservers_;
  std::ifstream file(path_);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return nameservers_;
  nameservers_ = nameservers_in(text.str());
  seen_ = now;
  read_ = true;
  return nameservers_;
}

}  // namespace bulkhead::network::dns
