#include "model/configuration.hpp"

#include "model/oci_defaults.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class ConfigurationTest : public ::testing::Test {
 protected:
  ConfigurationTest() {
    image_.reference = "docker.io/library/web:latest";
    image_.digest = "sha256:aa";
    image_.image = {{"descriptor", {{"digest", "sha256:aa"}, {"mediaType", "m"}, {"size", 5}}}};
  }
  Result<Configuration> build() {
    return build_configuration(world_.state(), {"web",
                                                request_,
                                                image_,
                                                image_config_,
                                                {{"os", "linux"}, {"architecture", "amd64"}},
                                                1'767'323'045'600'000});
  }
  Json built() {
    auto result = build();
    EXPECT_TRUE(result) << result.error().message;
    return result ? result->value : Json::object();
  }
  World world_;
  ImageState image_;
  Json image_config_ = {{"config", {{"Cmd", {"sh"}}}}};
  Json request_ = {{"image", "web"}, {"process", Json::object()}};
};

TEST_F(ConfigurationTest, HasTheReferencesShapeAndNothingElse) {
  Json expected = Json::parse(R"({
    "id": "web", "image": {"reference": "docker.io/library/web:latest",
                           "descriptor": {"digest": "sha256:aa", "mediaType": "m", "size": 5}},
    "mounts": [], "publishedPorts": [], "publishedSockets": [], "labels": {}, "sysctls": {},
    "networks": [], "dns": {"nameservers": [], "searchDomains": [], "options": []},
    "rosetta": false, "ssh": false, "readOnly": false, "useInit": false, "virtualization": false,
    "initProcess": {"executable": "sh", "arguments": [], "environment":
        ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                    "workingDirectory": "/", "terminal": false,
                    "user": {"id": {"uid": 0, "gid": 0}}, "supplementalGroups": [], "rlimits": []},
    "platform": {"os": "linux", "architecture": "amd64"},
    "resources": {"cpus": 4, "memoryInBytes": 1073741824, "cpuOverhead": 0},
    "runtimeHandler": "container-runtime-linux", "capAdd": [], "capDrop": [],
    "creationDate": "2026-01-02T03:04:05Z"})");
  EXPECT_EQ(built(), expected) << Json::diff(built(), expected);
}

TEST_F(ConfigurationTest, ResourcesComeFromTheRequestElseTheProperties) {
  for (auto [key, value] :
       {std::pair("container.cpus", "2"), std::pair("container.memory", "300m")})
    world_.append(
        fact(std::string("property/") + key, "property.set", {{"key", key}, {"value", value}}));
  EXPECT_EQ(built()["resources"]["cpus"], 2);
  EXPECT_EQ(built()["resources"]["memoryInBytes"], 300 << 20);
  request_["resources"] = {{"cpus", 8}, {"memoryInBytes", 512 << 20}};
  EXPECT_EQ(built()["resources"]["cpus"], 8);
  EXPECT_EQ(built()["resources"]["memoryInBytes"], 512 << 20);
  for (Json bad : {Json{{"cpus", 0}}, Json{{"cpus", "two"}}, Json{{"memoryInBytes", 1}},
                   Json{{"memoryInBytes", 1.5e300}}}) {
    request_["resources"] = bad;
    EXPECT_EQ(code_of(build()), Code::kInvalid) << bad;
  }
}

TEST_F(ConfigurationTest, ResourcesOfAVirtualMachineHaveALeast) {
  request_["resources"] = {{"memoryInBytes", 200 << 20}};
  EXPECT_EQ(built()["resources"]["memoryInBytes"], 200 << 20);
  request_["resources"] = {{"memoryInBytes", (200 << 20) - 1}};
  auto small = build();
  EXPECT_EQ(code_of(small), Code::kInvalid);
  EXPECT_THAT(message_of(small), HasSubstr("too small for a virtual machine"));
  EXPECT_THAT(small.error().hint, HasSubstr("200M"));
}

TEST_F(ConfigurationTest, CapabilitiesAreNormalisedAndChecked) {
  request_["capAdd"] = {"net_admin", "CAP_NET_ADMIN", "all"};
  request_["capDrop"] = {"Cap_Mknod"};
  EXPECT_EQ(built()["capAdd"], (Json{"CAP_NET_ADMIN", "ALL"}));
  EXPECT_EQ(built()["capDrop"], (Json{"CAP_MKNOD"}));
  request_["capAdd"] = {"FLY"};
  EXPECT_EQ(message_of(build()), "\"FLY\" is not a Linux capability");
}

TEST_F(ConfigurationTest, SecurityPathsAreAbsentUnlessGiven) {
  EXPECT_FALSE(built().contains("maskedPaths"));
  request_["maskedPaths"] = {"/secret"};
  request_["readonlyPaths"] = {"NONE"};
  auto masked = default_masked_paths();
  masked.push_back("/secret");
  EXPECT_EQ(built()["maskedPaths"], Json(masked));
  EXPECT_EQ(built()["readonlyPaths"], Json::array()) << "NONE clears only its own list";
  request_["maskedPaths"] = {"proc"};
  EXPECT_THAT(message_of(build()), HasSubstr("masked path \"proc\" is not absolute"));
}

TEST_F(ConfigurationTest, DnsIsAbsentWithoutDnsAndCheckedOtherwise) {
  request_["dns"] = {{"nameservers", {"1.1.1.1", "fd00::1"}},
                     {"domain", "a.test"},
                     {"searchDomains", {"b.test"}},
                     {"options", {"ndots:2"}}};
  EXPECT_EQ(built()["dns"], request_["dns"]);
  request_["noDns"] = true;
  EXPECT_EQ(code_of(build()), Code::kInvalid);
  request_.erase("dns");
  EXPECT_FALSE(built().contains("dns"));
  request_ = {{"process", Json::object()}, {"dns", {{"nameservers", {"dns.example"}}}}};
  EXPECT_THAT(message_of(build()), HasSubstr("not an IP address"));
  request_.erase("dns");
  world_.append(
      fact("property/dns.domain", "property.set", {{"key", "dns.domain"}, {"value", "test"}}));
  EXPECT_EQ(built()["dns"]["domain"], "test");
}

TEST_F(ConfigurationTest, TmpfsMounts) {
  request_["tmpfs"] = Json::array({{{"destination", "/tmp"}, {"options", {"size=1m"}}}});
  auto result = build();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->value["mounts"],
            Json::parse(R"([{"type": {"tmpfs": {}}, "source": "tmpfs", "destination": "/tmp",
                             "options": ["size=1m"]}])"));
  for (const char* bad : {"tmp", "/", ""}) {
    request_["tmpfs"] = Json::array({{{"destination", bad}}});
    EXPECT_EQ(code_of(build()), Code::kInvalid) << bad;
  }
}

TEST_F(ConfigurationTest, LabelsAreStrings) {
  request_["labels"] = {{"a", "1"}, {"empty", ""}};
  EXPECT_EQ(built()["labels"], request_["labels"]);
  request_["labels"] = {{"a", 1}};
  EXPECT_EQ(code_of(build()), Code::kInvalid);
  request_["labels"] = {"a=1"};
  EXPECT_EQ(code_of(build()), Code::kInvalid);
}

TEST_F(ConfigurationTest, TakesTheRestAsItIs) {
  image_config_["config"]["StopSignal"] = "SIGQUIT";
  request_.update({{"kernel", "/k"},
                   {"kernelArgs", {"quiet"}},
                   {"virtualization", true},
                   {"readOnly", true},
                   {"useInit", true},
                   {"shmSize", 1 << 20},
                   {"runtime", "runtime-qemu"}});
  Json configuration = built();
  EXPECT_EQ(configuration["stopSignal"], "SIGQUIT");
  EXPECT_EQ(configuration["kernel"], "/k");
  EXPECT_EQ(configuration["kernelArgs"], Json{"quiet"});
  EXPECT_EQ(configuration["virtualization"], true);
  EXPECT_EQ(configuration["readOnly"], true);
  EXPECT_EQ(configuration["useInit"], true);
  EXPECT_EQ(configuration["shmSize"], 1 << 20);
  EXPECT_EQ(configuration["runtimeHandler"], "runtime-qemu");
  request_["shmSize"] = 0;
  EXPECT_EQ(code_of(build()), Code::kInvalid);
}

TEST_F(ConfigurationTest, RefusesARuntimeThatIsNotThere) {
  request_["runtime"] = "runtime-vz";
  EXPECT_EQ(code_of(build()), Code::kNotFound);
}

TEST_F(ConfigurationTest, AnUnnamedImageIsNamedByItsDigest) {
  image_.reference.clear();
  EXPECT_EQ(built()["image"]["reference"], "sha256:aa");
}

TEST_F(ConfigurationTest, SurvivesARequestThatIsNoObject) {
  for (Json odd : {Json(nullptr), Json(7), Json::array({1}), Json("x")}) {
    request_ = odd;
    EXPECT_TRUE(build()) << odd;
    request_ = {{"process", odd}, {"resources", odd}, {"tmpfs", odd}};
    build();
  }
}

TEST(FindVariantTest, MatchesPlatformsAndListsWhatThereIs) {
  Json image = Json::parse(R"({"reference": "web", "variants": [
    {"platform": {"os": "linux", "architecture": "amd64"}, "digest": "a"},
    {"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}, "digest": "b"}]})");
  auto digest = [&](Json platform) {
    auto variant = find_variant(image, platform);
    return variant ? (**variant)["digest"].get<std::string>() : variant.error().message;
  };
  EXPECT_EQ(digest({{"os", "linux"}, {"architecture", "amd64"}}), "a");
  EXPECT_EQ(digest({{"architecture", "arm64"}}), "b");
  EXPECT_EQ(digest({{"architecture", "arm64"}, {"variant", "v8"}}), "b");
  EXPECT_EQ(
      digest({{"architecture", "arm64"}, {"variant", "v7"}}),
      "image web has no content for platform linux/arm64/v7; available platforms: linux/amd64, "
      "linux/arm64/v8");
  image = Json::object();
  EXPECT_THAT(digest({{"architecture", "amd64"}}), HasSubstr("available platforms: none"));
}

TEST(FindVariantTest, TakesWhatTheProcessorRunsBest) {
  Json image = Json::parse(R"({"variants": [
    {"platform": {"os": "linux", "architecture": "amd64", "variant": "v3"}, "digest": "v3"},
    {"platform": {"os": "linux", "architecture": "amd64"}, "digest": "plain"}]})");
  auto digest = [&](Json platform) { return (**find_variant(image, platform))["digest"]; };
  EXPECT_EQ(digest({{"architecture", "amd64"}}), "plain");
  EXPECT_EQ(digest({{"architecture", "amd64"}, {"variant", "v2"}}), "plain");
  EXPECT_EQ(digest({{"architecture", "amd64"}, {"variant", "v4"}}), "v3");
}

}  // namespace
}  // namespace bulkhead::model
