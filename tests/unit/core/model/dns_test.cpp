#include "model/dns_decide.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

TEST(Domain, IsKeptInOneSpelling) {
  World world;
  world.take(decide_dns_create(world.state(), "Test.", "", {}));
  EXPECT_THAT(container_domains(world.state()), ElementsAre("test"));
  EXPECT_EQ(code_of(decide_dns_create(world.state(), "TEST", "", {})), Code::kConflict);
  world.take(decide_dns_delete(world.state(), "TeSt", {}));
  EXPECT_THAT(world.state().domains, IsEmpty());
  EXPECT_EQ(code_of(decide_dns_delete(world.state(), "test", {})), Code::kNotFound);
}

TEST(Domain, IsMadeOfLabels) {
  World world;
  for (const char* text : {"", ".", "a..b", "-a", "a-", "a.-b", "a b", "a/b", "ä"})
    EXPECT_EQ(code_of(decide_dns_create(world.state(), text, "", {})), Code::kInvalid) << text;
  EXPECT_EQ(code_of(decide_dns_create(world.state(), std::string(64, 'a'), "", {})),
            Code::kInvalid);
  EXPECT_TRUE(decide_dns_create(world.state(), "a-b.c_d.test", "", {}));
}

TEST(Domain, OfTheHostIsNoneOfContainers) {
  World world;
  EXPECT_EQ(code_of(decide_dns_create(world.state(), "db.test", "localhost", {})), Code::kInvalid);
  world.take(decide_dns_create(world.state(), "db.test", "203.0.113.1", {}));
  world.append(
      fact("property/dns.domain", "property.set", {{"key", "dns.domain"}, {"value", "Box"}}));
  EXPECT_THAT(container_domains(world.state()), ElementsAre("box"));
  EXPECT_THAT(host_domains(world.state()), ElementsAre("db.test"));
}

}  // namespace
}  // namespace bulkhead::model
