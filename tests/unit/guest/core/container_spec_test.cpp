#include "guest/core/container_spec.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace bulkhead::guest {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::Pair;

json valid() {
  return {{"hostname", "box"},
          {"timeUs", 1'700'000'000'000'000},
          {"entropy", std::string(85, 'A') + "A=="},
          {"rootfs", {{"image", "image"}, {"writable", nullptr}, {"readOnly", true}}},
          {"resolvConf", nullptr},
          {"hosts", "127.0.0.1 localhost\n"},
          {"shmBytes", 67108864},
          {"tmpfs", {"/tmp"}},
          {"maskedPaths", {"/proc/kcore"}},
          {"readonlyPaths", {"/proc/sys"}},
          {"sysctls", {{"net.core.somaxconn", 1024}, {"vm.overcommit_memory", "1"}}},
          {"useInit", true},
          {"cpus", 2},
          {"memoryBytes", 1 << 28}};
}

std::string failure_with(const json& patch) {
  json body = valid();
  body.update(patch);
  auto spec = parse_container(body.dump());
  EXPECT_FALSE(spec) << patch;
  if (spec) return "";
  EXPECT_EQ(spec.error().code, Code::kInvalid);
  return spec.error().message;
}

TEST(ContainerSpec, EveryField) {
  auto spec = parse_container(valid().dump());
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->hostname, "box");
  EXPECT_EQ(spec->time_us, 1'700'000'000'000'000);
  EXPECT_EQ(spec->entropy, std::string(64, '\0'));
  EXPECT_EQ(spec->image_disk, "image");
  EXPECT_FALSE(spec->writable_disk);
  EXPECT_TRUE(spec->read_only);
  EXPECT_FALSE(spec->resolv_conf);
  EXPECT_EQ(spec->hosts, "127.0.0.1 localhost\n");
  EXPECT_EQ(spec->shm_bytes, 67108864u);
  EXPECT_THAT(spec->tmpfs, ElementsAre("/tmp"));
  EXPECT_THAT(spec->masked_paths, ElementsAre("/proc/kcore"));
  EXPECT_THAT(spec->readonly_paths, ElementsAre("/proc/sys"));
  EXPECT_THAT(spec->sysctls,
              ElementsAre(Pair("net.core.somaxconn", "1024"), Pair("vm.overcommit_memory", "1")));
  EXPECT_TRUE(spec->use_init);
  EXPECT_EQ(spec->cpus, 2);
  EXPECT_EQ(spec->memory_bytes, uint64_t{1} << 28);
}

TEST(ContainerSpec, MistakesAreNamed) {
  EXPECT_EQ(failure_with({{"hostname", ""}}), "container.hostname must have 1 to 64 characters");
  EXPECT_EQ(failure_with({{"hostname", std::string(65, 'a')}}),
            "container.hostname must have 1 to 64 characters");
  EXPECT_EQ(failure_with({{"entropy", "AAAA"}}), "container.entropy must be 64 bytes in base64");
  EXPECT_EQ(failure_with({{"rootfs", nullptr}}), "container.rootfs is missing");
  EXPECT_EQ(failure_with({{"rootfs", json::object()}}), "container.rootfs.image is missing");
  EXPECT_EQ(failure_with({{"tmpfs", {"tmp"}}}), "tmpfs \"tmp\" is not an absolute path");
  EXPECT_EQ(failure_with({{"maskedPaths", {""}}}), "masked path \"\" is not an absolute path");
  EXPECT_EQ(failure_with({{"sysctls", {{"a", true}}}}), "the value of sysctl a must be a string");
  EXPECT_EQ(failure_with({{"cpus", -1}}), "container.cpus must be a number of processors");
  EXPECT_EQ(failure_with({{"cpus", "2"}}), "container.cpus must be a number");
  failure_with({{"memoryBytes", -1}});
  failure_with({{"memoryBytes", UINT64_MAX}});
  failure_with({{"timeUs", 1e300}});
}

}  // namespace
}  // namespace bulkhead::guest
