#include "resolv_conf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::network::dns {
namespace {

using ::testing::ElementsAre;

TEST(ResolvConf, TheFirstThreeNameserversCount) {
  EXPECT_THAT(
      nameservers_in("# a comment\nsearch example\nnameserver 192.0.2.1\n  nameserver\tfd00::1\n"
                     "nameserver fe80::1%eth0\nnameserver 192.0.2.4\nnameserver nonsense\n"),
      ElementsAre("192.0.2.1", "fd00::1", "fe80::1%eth0"));
  EXPECT_THAT(nameservers_in(""), ElementsAre("127.0.0.1"));
}

TEST(ResolvConf, AChangeIsSeen) {
  char name[] = "/tmp/resolv.XXXXXX";
  close(mkstemp(name));
  std::ofstream(name) << "nameserver 192.0.2.1\n";
  ResolvConf file(name);
  EXPECT_THAT(file.nameservers(), ElementsAre("192.0.2.1"));
  const std::string other = std::string(name) + ".new";
  std::ofstream(other) << "nameserver 192.0.2.2\n";
  std::filesystem::rename(other, name);
  EXPECT_THAT(file.nameservers(), ElementsAre("192.0.2.2"));
  std::filesystem::remove(name);
  EXPECT_THAT(file.nameservers(), ElementsAre("192.0.2.2")) << "being replaced";
}

}  // namespace
}  // namespace bulkhead::network::dns
