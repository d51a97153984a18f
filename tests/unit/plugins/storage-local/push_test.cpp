#include "push.hpp"

#include <unistd.h>

#include "pulls.hpp"

namespace bulkhead::storage {
namespace {

class Push : public PullTest {
 protected:
  std::vector<std::string> whats(const Json& contents) const {
    std::vector<std::string> all;
    for (const Json& piece : contents) all.push_back(piece["what"]);
    return all;
  }
  // Every piece names only what came before it.
  void expect_order(const Json& contents) {
    std::string before;
    for (const Json& piece : contents) {
      if (piece["kind"] == "manifest") {
        const Json document = *parse_json(bytes_of_piece(piece["content"]));
        Json named = document.value("manifests", document.value("layers", Json::array()));
        if (document.contains("config")) named.push_back(document["config"]);
        for (const Json& descriptor : named)
          EXPECT_NE(before.find(descriptor["digest"].get<std::string>()), std::string::npos);
      }
      before += piece["content"]["digest"].get<std::string>();
    }
  }

  Json amd = image({Tar().file("a").bytes(), Tar().file("b").bytes()});
  Json arm = image({Tar().file("c").bytes()}, kArm64);
  Json root = index({arm, index({amd})});
};

TEST_F(Push, ListsWhatIsReferredToFirst) {
  receive_everything(root);
  ASSERT_TRUE(admit("web", root));
  const auto contents = box.call("storage.contents", {{"digest", root["digest"]}});
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ((*contents)["root"], root);
  EXPECT_EQ((*contents)["contents"].size(), 2u + 2 + 2 + 3);
  EXPECT_EQ((*contents)["contents"].back()["content"], root);
  expect_order((*contents)["contents"]);
}

TEST_F(Push, ListsOnePlatform) {
  receive_everything(root, kAmd64);
  ASSERT_TRUE(admit("web", root, kAmd64));
  const auto contents =
      box.call("storage.contents", {{"digest", root["digest"]}, {"platform", kAmd64}});
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ((*contents)["root"]["digest"], amd["digest"]);
  EXPECT_EQ((*contents)["root"]["mediaType"], media_type::kManifest);
  EXPECT_EQ(whats((*contents)["contents"]),
            (std::vector<std::string>{"config", "layer 1 of 2", "layer 2 of 2", "manifest"}));
  EXPECT_EQ(
      box.call("storage.contents", {{"digest", root["digest"]}, {"platform", kArm64}}).error().code,
      Code::kNotFound);
  const auto all = box.call("storage.contents", {{"digest", root["digest"]}});
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, Code::kNotFound);
  EXPECT_NE(all.error().message.find("manifest of linux/arm64"), std::string::npos)
      << all.error().message;
}

TEST_F(Push, OpensContent) {
  receive_everything(amd);
  const Json opening{{"digest", layer(amd, 0)["digest"]}};
  EXPECT_EQ(box.call("storage.open", opening).error().code, Code::kNotFound);  // of no image yet
  ASSERT_TRUE(admit("web", amd));
  const auto opened = box.call("storage.open", opening);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)["size"], layer(amd, 0)["size"]);
  ASSERT_EQ(box.answer_fds.size(), 1u);
  std::string bytes(bytes_of_piece(layer(amd, 0)).size() + 1, '\0');
  const ssize_t n = ::read(box.answer_fds[0].get(), bytes.data(), bytes.size());
  bytes.resize(static_cast<size_t>(n));
  EXPECT_EQ(bytes, bytes_of_piece(layer(amd, 0)));
  EXPECT_EQ(box.call("storage.open", {{"digest", Digest::of(bytes_of("?")).text()}}).error().code,
            Code::kNotFound);
}

}  // namespace
}  // namespace bulkhead::storage
