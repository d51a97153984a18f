#include "model/kernel_decide.hpp"
#include "model/property_decide.hpp"
#include "model/views.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

TEST(PropertyTest, CatalogueIsSortedAndItsDefaultsAreValid) {
  std::string_view before;
  for (const PropertyDefinition& definition : property_catalogue()) {
    EXPECT_LT(before, definition.key);
    before = definition.key;
    EXPECT_FALSE(definition.description.empty());
    EXPECT_TRUE(!definition.fallback || definition.check(*definition.fallback)) << definition.key;
  }
  for (const char* key : {"build.rosetta", "dns.domain", "network.subnet", "network.subnetv6",
                          "registry.domain", "container.cpus", "container.memory"})
    EXPECT_TRUE(find_property(key)) << key;
}

struct Sample {
  const char* key;
  const char* value;
  bool good;
};

class PropertyValueTest : public ::testing::TestWithParam<Sample> {};

TEST_P(PropertyValueTest, IsChecked) {
  auto decision = decide_property_set({}, GetParam().key, GetParam().value, {});
  EXPECT_EQ(decision.has_value(), GetParam().good) << GetParam().key << "=" << GetParam().value;
  if (!decision) {
    EXPECT_EQ(decision.error().code, Code::kInvalid);
    EXPECT_THAT(decision.error().message, HasSubstr(GetParam().key));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Values, PropertyValueTest,
    ::testing::Values(
        Sample{"build.rosetta", "false", true}, Sample{"build.rosetta", "yes", false},
        Sample{"build.cpus", "8", true}, Sample{"build.cpus", "0", false},
        Sample{"build.cpus", "2x", false}, Sample{"container.memory", "512M", true},
        Sample{"container.memory", "2048mb", true}, Sample{"container.memory", "100m", false},
        Sample{"container.memory", "much", false}, Sample{"dns.domain", "test", true},
        Sample{"dns.domain", "a-b.example", true}, Sample{"dns.domain", "-a", false},
        Sample{"dns.domain", "a..b", false}, Sample{"dns.domain", "", false},
        Sample{"network.subnet", "192.168.64.0/24", true},
        Sample{"network.subnet", "192.168.100.1/24", true},
        Sample{"network.subnet", "192.168.64.0/30", false},
        Sample{"network.subnet", "192.168.64.0", false},
        Sample{"network.subnet", "192.168.64.0/33", false},
        Sample{"network.subnet", "fd00::/64", false}, Sample{"network.subnetv6", "fd00::/64", true},
        Sample{"network.subnetv6", "fd00::/x", false},
        Sample{"registry.domain", "localhost:5000", true}, Sample{"registry.domain", "a b", false},
        Sample{"registry.domain", "a/b", false}, Sample{"vminit.image", "vminit:1", true},
        Sample{"vminit.image", "VMINIT", false}, Sample{"kernel.digest", "sha256:12", false},
        Sample{"mounts.transport", "9p", true}, Sample{"mounts.transport", "auto", true},
        Sample{"mounts.transport", "virtiofs", true}, Sample{"mounts.transport", "nfs", false},
        Sample{"kernel.url", "", false}, Sample{"kernel.url", "https://example.org/k.tar", true}));

TEST(PropertyTest, SetClearAndDefault) {
  World world;
  EXPECT_EQ(property_value(world.state(), "container.cpus"), "4");
  EXPECT_EQ(property_value(world.state(), "dns.domain"), std::nullopt);
  EXPECT_EQ(property_value(world.state(), "no.such"), std::nullopt);
  Event set = world.take(decide_property_set(world.state(), "container.cpus", "8", {}));
  EXPECT_EQ(set.stream, "property/container.cpus");
  EXPECT_EQ(property_value(world.state(), "container.cpus"), "8");
  EXPECT_THAT(decide_property_set(world.state(), "container.cpus", "8", {}).value(), IsEmpty());
  world.take(decide_property_clear(world.state(), "container.cpus", {}));
  EXPECT_EQ(property_value(world.state(), "container.cpus"), "4");
  EXPECT_THAT(decide_property_clear(world.state(), "container.cpus", {}).value(), IsEmpty());
  EXPECT_EQ(code_of(decide_property_set(world.state(), "no.such", "1", {})), Code::kNotFound);
  EXPECT_EQ(code_of(decide_property_clear(world.state(), "no.such", {})), Code::kNotFound);
}

TEST(PropertyTest, Views) {
  World world;
  world.take(decide_property_set(world.state(), "dns.domain", "test", {}));
  Json view = properties_view(world.state());
  EXPECT_EQ(view.size(), property_catalogue().size());
  EXPECT_EQ(view["dns.domain"]["value"], "test");
  EXPECT_EQ(view["dns.domain"]["default"], nullptr);
  EXPECT_EQ(view["container.cpus"]["value"], nullptr);
  EXPECT_EQ(view["container.cpus"]["default"], 4);
  EXPECT_EQ(view["build.rosetta"]["default"], true);
  EXPECT_EQ(view["container.cpus"]["type"], "integer");
  EXPECT_EQ(view["build.rosetta"]["type"], "boolean");
  EXPECT_EQ(property_view(world.state(), "dns.domain").value(),
            (Json{{"key", "dns.domain"}, {"value", "test"}}));
  EXPECT_EQ(property_view(world.state(), "container.cpus").value()["value"], 4);
  EXPECT_EQ(property_in_force(world.state(), "container.cpus"), 4);
  EXPECT_EQ(property_in_force(world.state(), "build.rosetta"), true);
  EXPECT_EQ(property_in_force(world.state(), "network.subnet"), nullptr);
  EXPECT_EQ(property_in_force(world.state(), "no.such"), nullptr);
  EXPECT_EQ(code_of(property_view(world.state(), "network.subnet")), Code::kNotFound);
  EXPECT_EQ(message_of(property_view(world.state(), "no.such")),
            "there is no property \"no.such\"");
}

TEST(KernelTest, IsSetOnceUnlessForced) {
  World world;
  SetKernel command{"amd64", "vmlinux", "/kernels/vmlinux", "sha256:aa", "binary", false};
  Event intent = world.take(decide_kernel_set(world.state(), command, {}));
  world.succeed(intent.seq, {{"path", "/kernels/vmlinux"}, {"digest", "sha256:aa"}});
  EXPECT_EQ(world.state().kernels.at("amd64").digest, "sha256:aa");
  EXPECT_EQ(world.state().kernels.at("amd64").name, "vmlinux");
  EXPECT_TRUE(decide_kernel_set(world.state(), command, {})) << "the same kernel again";
  command.digest = "sha256:bb";
  EXPECT_EQ(code_of(decide_kernel_set(world.state(), command, {})), Code::kConflict);
  command.force = true;
  EXPECT_TRUE(decide_kernel_set(world.state(), command, {}));
  command.architecture = "vax";
  EXPECT_EQ(code_of(decide_kernel_set(world.state(), command, {})), Code::kInvalid);
  command.architecture = "amd64";
  command.source = "guess";
  EXPECT_EQ(code_of(decide_kernel_set(world.state(), command, {})), Code::kInvalid);

  command.source = "recommended";
  Event back = world.take(decide_kernel_set(world.state(), command, {}));
  world.succeed(back.seq, {{"path", "/built-in"}});
  EXPECT_TRUE(world.state().kernels.empty());
}

TEST(KernelTest, AFailedSetChangesNothing) {
  World world;
  Event intent = world.take(
      decide_kernel_set(world.state(), {"amd64", "vmlinux", "/k", "", "binary", false}, {}));
  world.fail_with(intent.seq);
  EXPECT_TRUE(world.state().kernels.empty());
}

}  // namespace
}  // namespace bulkhead::model
