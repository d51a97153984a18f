// --add-host, and what a host name is.
#include "options/add_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command/table.hpp"
#include "options/host_name.hpp"

namespace bulkhead::cli {
namespace {

using ::testing::HasSubstr;

TEST(HostName, IsMadeOfLabels) {
  const std::string longest_label(63, 'a');
  for (const std::string& good : {std::string("a"), std::string("web-1"), std::string("a_b.c"),
                                  std::string("1.2"), longest_label, longest_label + ".b"}) {
    EXPECT_TRUE(is_host_name(good)) << good;
  }
  std::string endless = "a";
  while (endless.size() <= 253) endless += ".a";
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a."), std::string(".a"), std::string("-a"),
        std::string("a-"), std::string("a b"), std::string("a\nb"), std::string("ä"),
        std::string("a/b"), std::string("a\0b", 3), longest_label + "a", endless}) {
    EXPECT_FALSE(is_host_name(bad)) << bad;
  }
}

TEST(AddHost, TakesBothFamiliesAndTheHost) {
  const auto shown = [](const char* text) {
    const auto host = parse_add_host(text);
    return host ? host->name + " " + host->address : host.error().message;
  };
  EXPECT_EQ(shown("db:192.0.2.1"), "db 192.0.2.1");
  EXPECT_EQ(shown("db.test=192.0.2.1"), "db.test 192.0.2.1");
  EXPECT_EQ(shown("db:2001:db8::1"), "db 2001:db8::1");
  EXPECT_EQ(shown("db:[2001:db8::1]"), "db 2001:db8::1");
  EXPECT_EQ(shown("db:host-gateway"), "db host-gateway");
}

TEST(AddHost, RefusesMistakes) {
  for (const char* bad : {"", "db", "db:", ":192.0.2.1", "d b:192.0.2.1", "db:192.0.2", "db:other",
                          "db:[192.0.2.1]", "db:[host-gateway]", "db:[::1", "db:192.0.2.1\nx"}) {
    const auto host = parse_add_host(bad);
    ASSERT_FALSE(host) << bad;
    EXPECT_EQ(host.error().code, kUsage) << bad;
    EXPECT_THAT(host.error().message, HasSubstr("--add-host")) << bad;
  }
}

}  // namespace
}  // namespace bulkhead::cli
