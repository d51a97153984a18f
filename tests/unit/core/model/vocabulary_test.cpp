// Capabilities, signals, paths and times: the small vocabularies.
#include "model/capabilities.hpp"
#include "model/oci_defaults.hpp"
#include "model/signals.hpp"
#include "model/time_text.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

TEST(CapabilitiesTest, AddAndDropInTheDocumentedOrder) {
  EXPECT_EQ(effective_capabilities({}, {}).size(), 14u);
  EXPECT_THAT(effective_capabilities({}, {}),
              ::testing::UnorderedElementsAreArray(default_capabilities()));
  EXPECT_THAT(effective_capabilities({}, {"ALL"}), IsEmpty());
  EXPECT_THAT(effective_capabilities({"CAP_MKNOD"}, {"ALL"}), ElementsAre("CAP_MKNOD"));
  EXPECT_EQ(effective_capabilities({"ALL"}, {}).size(), 41u);
  EXPECT_EQ(effective_capabilities({"ALL"}, {"ALL"}).size(), 41u);
  EXPECT_EQ(effective_capabilities({"ALL"}, {"CAP_NET_ADMIN"}).size(), 40u);
  EXPECT_THAT(effective_capabilities({"CAP_MKNOD"}, {"ALL", "CAP_MKNOD"}), IsEmpty());
  EXPECT_THAT(effective_capabilities({"CAP_BPF", "CAP_CHOWN"}, {"ALL"}),
              ElementsAre("CAP_CHOWN", "CAP_BPF"))
      << "in the kernel's order";
}

TEST(CapabilitiesTest, NamesAreNormalised) {
  EXPECT_EQ(normalise_capability("net_admin").value(), "CAP_NET_ADMIN");
  EXPECT_EQ(normalise_capability("cap_Net_Admin").value(), "CAP_NET_ADMIN");
  EXPECT_EQ(normalise_capability("all").value(), "ALL");
  for (const char* bad : {"", "CAP_", "NETADMIN", "CAP_CAP_CHOWN", "chown "})
    EXPECT_EQ(code_of(normalise_capability(bad)), Code::kInvalid) << bad;
}

TEST(SignalsTest, ByNameAndNumber) {
  for (const char* term : {"TERM", "SIGTERM", "sigterm", "15"})
    EXPECT_EQ(parse_signal(term).value(), 15) << term;
  EXPECT_EQ(parse_signal("KILL").value(), 9);
  EXPECT_EQ(parse_signal("SIGSYS").value(), 31);
  EXPECT_EQ(parse_signal("RTMIN").value(), 34);
  EXPECT_EQ(parse_signal("SIGRTMIN+3").value(), 37);
  EXPECT_EQ(parse_signal("RTMAX-1").value(), 63);
  EXPECT_EQ(parse_signal("64").value(), 64);
  for (const char* bad : {"", "0", "65", "-1", "SIG", "FOO", "RTMIN-1", "RTMIN+31", "RTMAX+1",
                          "15x", "99999999999", "SIGSIGTERM"})
    EXPECT_EQ(code_of(parse_signal(bad)), Code::kInvalid) << bad;
  EXPECT_EQ(signal_name(15), "SIGTERM");
  EXPECT_EQ(signal_name(40), "40");
}

TEST(SecurityPathsTest, NoneClearsWhatCameBefore) {
  std::vector<std::string> defaults = {"/a", "/b"};
  EXPECT_THAT(resolve_paths(defaults, {"/c"}, "path").value(), ElementsAre("/a", "/b", "/c"));
  EXPECT_THAT(resolve_paths(defaults, {"/c", "NONE", "/d"}, "path").value(), ElementsAre("/d"));
  EXPECT_THAT(resolve_paths(defaults, Json::array(), "path").value(), ElementsAre("/a", "/b"));
  EXPECT_EQ(code_of(resolve_paths(defaults, {"c"}, "path")), Code::kInvalid);
  EXPECT_EQ(code_of(resolve_paths(defaults, {7}, "path")), Code::kInvalid);
  EXPECT_EQ(code_of(resolve_paths(defaults, "/c", "path")), Code::kInvalid);
}

TEST(TimeTest, WritesAndReadsRfc3339) {
  EXPECT_EQ(time_seconds(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(time_micros(1'767'323'045'000'123), "2026-01-02T03:04:05.000123Z");
  EXPECT_EQ(time_seconds(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(time_seconds(INT64_MAX), "9999-12-31T23:59:59Z");
  EXPECT_EQ(time_seconds(INT64_MIN), "0000-01-01T00:00:00Z");
  EXPECT_EQ(parse_time("2026-01-02T03:04:05.000123Z"), 1'767'323'045'000'123);
  EXPECT_EQ(parse_time("2026-01-02T04:04:05+01:00"), parse_time("2026-01-02T03:04:05Z"));
  EXPECT_EQ(parse_time("2026-01-02T00:34:05-02:30"), parse_time("2026-01-02T03:04:05Z"));
  EXPECT_EQ(parse_time("2026-01-02t03:04:05.1234567z"),
            *parse_time("2026-01-02T03:04:05Z") + 123'456);
  EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"), 1'709'164'800'000'000);
  for (const char* bad :
       {"", "2026", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z",
        "2026-02-30T03:04:05Z", "2026-01-02T24:04:05Z", "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05+1:00", "x026-01-02T03:04:05Z"})
    EXPECT_EQ(parse_time(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace bulkhead::model
