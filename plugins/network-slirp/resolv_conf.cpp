#include "resolv_conf.hpp"

#include <sys/stat.h>

#include <fstream>
#include <iterator>

namespace bulkhead::net {
namespace {

constexpr size_t kMaxResolvers = 3;
constexpr std::string_view kKeyword = "nameserver";
constexpr std::string_view kBlank = " \t\r";

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::vector<Resolver> parse_resolv_conf(std::string_view text) {
  std::vector<Resolver> all;
  while (!text.empty() && all.size() < kMaxResolvers) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (next_word(line) != kKeyword) continue;
    const std::string_view word = next_word(line);
    const size_t percent = word.find('%');
    const auto ip = parse_ip(word.substr(0, percent));
    if (!ip) continue;
    Resolver resolver{*ip, {}};
    if (percent != std::string_view::npos) resolver.zone = word.substr(percent + 1);
    all.push_back(std::move(resolver));
  }
  if (all.empty()) all.push_back({*parse_ip("127.0.0.1"), {}});
  return all;
}

const std::vector<Resolver>& ResolvConf::resolvers() {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return resolvers_;
  const Stamp stamp{status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size, status.st_ino};
  if (stamp == stamp_) return resolvers_;
  std::ifstream file(path_);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  resolvers_ = parse_resolv_conf(text);
  stamp_ = stamp;
  return resolvers_;
}

}  // namespace bulkhead::net
