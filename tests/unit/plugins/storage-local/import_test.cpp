#include "import.hpp"

#include <gtest/gtest.h>

#include "archives.hpp"
#include "oci_document.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

const Json kRequest{{"reference", "shop"},
                    {"platform", kAmd64},
                    {"config", {{"Cmd", {"/bin/app"}}, {"Env", {"A=b"}}}},
                    {"message", "from a tar"},
                    {"label", "root.tar"}};

TEST(Import, MakesAnImageOfARootFileSystem) {
  const std::string tar = Tar().file("./bin/app", "app").bytes();
  for (const Packing packing : {Packing::kPlain, Packing::kGzip, Packing::kZstd}) {
    Sandbox box;
    const auto imported = box.call("storage.import", kRequest, pipe_with(pack(tar, packing)));
    ASSERT_TRUE(imported) << imported.error().message;
    const Json& image = (*imported)["image"];
    EXPECT_EQ(image["reference"], "docker.io/library/shop:latest");
    const Json& config = image["variants"][0]["config"];
    EXPECT_EQ(config["config"], kRequest["config"]);
    EXPECT_EQ(config["rootfs"]["diff_ids"][0], Digest::of(bytes_of(tar)).text());
    EXPECT_EQ(config["history"][0]["comment"], "from a tar");
    EXPECT_EQ(config["architecture"], "amd64");
    EXPECT_EQ(image["createdAt"], config["created"]);
    const auto created = box.call(
        "storage.create",
        {{"container", "c1"}, {"digest", image["descriptor"]["digest"]}, {"platform", kAmd64}});
    ASSERT_TRUE(created) << created.error().message;
    EXPECT_EQ(Sandbox::debugfs((*created)["imageDisk"].get<std::string>(), "cat /bin/app"), "app");
  }
}

TEST(Import, WithoutANameIsKept) {
  Sandbox box;
  Json request = kRequest;
  request.erase("reference");
  const auto imported = box.call("storage.import", request, file_with(Tar().file("a").bytes()));
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_FALSE((*imported)["image"].contains("reference"));
  EXPECT_TRUE(
      box.call("storage.image", {{"digest", (*imported)["image"]["descriptor"]["digest"]}}));
}

TEST(Import, RefusesAndLeavesNothing) {
  const std::string good = Tar().file("a", std::string(9000, 'a')).bytes();
  for (const std::string& bad :
       {Tar().file("../x").bytes(), Tar().file("/x").bytes(),
        std::string("not a tar, but long enough to be read as a header") + std::string(600, 'x'),
        good.substr(0, 3000), std::string()}) {
    Sandbox box;
    const auto imported = box.call("storage.import", kRequest, file_with(bad));
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().code, Code::kCorrupt) << imported.error().message;
    EXPECT_TRUE(imported.error().message.starts_with("import 'root.tar': "))
        << imported.error().message;
    EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
  }
}

TEST(Import, RefusesANameThatIsNone) {
  Sandbox box;
  Json request = kRequest;
  request["reference"] = "No Name";
  const auto imported = box.call("storage.import", request, file_with(Tar().file("a").bytes()));
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, Code::kInvalid);
}

}  // namespace
}  // namespace bulkhead::storage
