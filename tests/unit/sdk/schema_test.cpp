// The schemas of the plugin methods: one for each method of METHODS.md, all well-formed, and saying
// what METHODS.md says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "schema_validator.hpp"

namespace bulkhead {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kDigest = "sha256:" + std::string(64, 'a');
const Json kPlatform = {{"os", "linux"}, {"architecture", "amd64"}};
const Json kImage = {
    {"reference", "docker.io/library/web:latest"},
    {"descriptor",
     {{"mediaType", "application/vnd.oci.image.index.v1+json"}, {"digest", kDigest}, {"size", 10}}},
    {"variants",
     {{{"platform", kPlatform}, {"digest", kDigest}, {"size", 10}, {"config", Json::object()}}}},
    {"createdAt", "2024-01-01T00:00:00Z"}};

std::vector<std::string> check(const Json& value, const std::string& reference) {
  return SchemaValidator(BULKHEAD_SCHEMAS).check(value, reference);
}

std::set<std::string> methods_of_the_document() {
  std::ifstream stream(BULKHEAD_SCHEMAS "/METHODS.md");
  std::set<std::string> methods;
  const std::regex row("^\\| ([a-z]+\\.[a-z-]+) \\|");
  std::smatch match;
  for (std::string line; std::getline(stream, line);) {
    if (std::regex_search(line, match, row)) methods.insert(match[1]);
  }
  return methods;
}

std::set<std::string> methods_with_a_schema() {
  std::set<std::string> methods;
  for (const char* capability : {"storage", "runtime", "registry", "network", "names"}) {
    const std::string directory = std::string(BULKHEAD_SCHEMAS "/") + capability + "/1";
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      methods.insert(std::string(capability) + "." + entry.path().stem().string());
    }
  }
  return methods;
}

std::string file_of(const std::string& method) {
  const size_t dot = method.find('.');
  return method.substr(0, dot) + "/1/" + method.substr(dot + 1) + ".json";
}

TEST(Schemas, ExistForExactlyTheMethodsDocumented) {
  const auto documented = methods_of_the_document();
  EXPECT_THAT(documented, testing::Contains("storage.load"));
  EXPECT_EQ(methods_with_a_schema(), documented);
}

TEST(Schemas, AreTitledByTheirMethodAndHaveBothHalves) {
  for (const std::string& method : methods_with_a_schema()) {
    std::ifstream stream(BULKHEAD_SCHEMAS "/" + file_of(method));
    const Json schema = Json::parse(stream, nullptr, false);
    ASSERT_FALSE(schema.is_discarded()) << method;
    EXPECT_EQ(schema.value("title", ""), method);
    for (const char* half : {"request", "result"}) {
      ASSERT_TRUE(schema["$defs"].contains(half)) << method;
      // Nothing but an object is ever right; this also visits the schema's own words.
      EXPECT_THAT(check(1, file_of(method) + "#/$defs/" + half), SizeIs(1))
          << method << " " << half;
    }
  }
}

TEST(Schemas, TakeWhatTheDocumentShows) {
  EXPECT_THAT(check({{"label", "web.tar"}, {"force", true}}, "storage/1/load.json#/$defs/request"),
              IsEmpty());
  EXPECT_THAT(check({{"images", {kImage}}, {"skipped", Json::array()}},
                    "storage/1/load.json#/$defs/result"),
              IsEmpty());
  EXPECT_THAT(
      check({{"container", "web"}, {"digest", kDigest}, {"platform", kPlatform}, {"future", 1}},
            "storage/1/create.json#/$defs/request"),
      IsEmpty())
      << "unknown keys are ignored";
  EXPECT_THAT(check({{"process", {{"args", {"sh"}}, {"size", {{"rows", 24}, {"cols", 80}}}}},
                     {"attach", true},
                     {"stdin", false}},
                    "runtime/1/start.json#/$defs/request"),
              IsEmpty());
  EXPECT_THAT(
      check({{"state", "exited"},
             {"pid", 1},
             {"processes", Json::array()},
             {"exit", {{"exitCode", 0}, {"oomKilled", false}, {"at", 1}, {"reason", "exited"}}}},
            "runtime/1/inspect.json#/$defs/result"),
      IsEmpty());
}

TEST(Schemas, TakeAMachineWithNetworksAndMounts) {
  const Json machine = {
      {"accelerator", "kvm"},
      {"cpus", 1},
      {"memoryBytes", 1 << 28},
      {"kernel", "/k"},
      {"initramfs", "/i"},
      {"imageDisk", "/d"},
      {"writableDisk", "/w"},
      {"networks", {{{"network", "default"}, {"mac", "f2:62:00:00:00:0a"}}}},
      {"disks", {{{"serial", "vol-1"}, {"path", "/v/1.ext4"}, {"readOnly", true}}}},
      {"shares", {{{"tag", "src"}, {"path", "/src"}}}},
      {"sockets", {{{"direction", "to-guest"}, {"host", "/h"}, {"guest", "/g"}, {"mode", 0660}}}}};
  EXPECT_THAT(check(machine, "shapes.json#/$defs/Machine"), IsEmpty());
  EXPECT_THAT(check({{"networks", {"default"}}}, "runtime/1/links.json#/$defs/result"), IsEmpty());
  Json wrong = machine;
  wrong["networks"][0]["mac"] = "f3:62:00:00:00:0a";
  EXPECT_THAT(check(wrong, "shapes.json#/$defs/Machine"),
              ElementsAre(HasSubstr(".networks[].mac")));
  wrong = machine;
  wrong["sockets"][0]["direction"] = "sideways";
  EXPECT_THAT(check(wrong, "shapes.json#/$defs/Machine"), ElementsAre(HasSubstr("none of")));
}

TEST(Schemas, RefuseWhatIsWrong) {
  EXPECT_THAT(check(Json::object(), "storage/1/load.json#/$defs/request"),
              ElementsAre(HasSubstr("label is missing")));
  EXPECT_THAT(check({{"digest", "sha256:abc"}}, "storage/1/image.json#/$defs/request"),
              ElementsAre(HasSubstr("pattern")));
  Json image = kImage;
  image["variants"][0]["size"] = -1;
  EXPECT_THAT(check({{"image", image}}, "storage/1/tag.json#/$defs/result"),
              ElementsAre(HasSubstr(".image.variants[].size")));
  EXPECT_THAT(check({{"process", {{"args", Json::array()}}}, {"attach", true}, {"stdin", true}},
                    "runtime/1/start.json#/$defs/request"),
              ElementsAre(HasSubstr("too few")));
  EXPECT_THAT(check({{"signal", 65}, {"process", "init"}}, "runtime/1/signal.json#/$defs/request"),
              ElementsAre(HasSubstr("out of range")));
  EXPECT_THAT(check({{"state", "sleeping"}, {"pid", 1}, {"processes", Json::array()}},
                    "runtime/1/inspect.json#/$defs/result"),
              ElementsAre(HasSubstr("none of")));
}

}  // namespace
}  // namespace bulkhead
