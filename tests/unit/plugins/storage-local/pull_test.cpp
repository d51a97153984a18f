#include "pull.hpp"

#include <unistd.h>

#include <future>
#include <thread>

#include "pulls.hpp"

namespace bulkhead::storage {
namespace {

// Not compressible, so that it takes many pieces.
std::string noise(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    seed = seed * 1664525 + 1013904223;
    c = static_cast<char>(seed >> 24);
  }
  return bytes;
}

class Pull : public PullTest {
 protected:
  // A receive whose bytes the test sends.
  class Line {
   public:
    Line(Pull& test, const Json& content, uint64_t offset = 0) {
      int ends[2];
      EXPECT_EQ(::pipe(ends), 0);
      writer_ = UniqueFd(ends[1]);
      result_ = std::async(std::launch::async, [&test, content, offset, reader = ends[0]] {
        const std::vector<UniqueFd> fds = one(reader);
        std::vector<UniqueFd> answer;
        const Task task;
        const Json body{{"content", content}, {"kind", "blob"}, {"offset", offset}};
        return find_method("storage.receive")->run(test.box.store(), {body, fds, task, answer});
      });
    }
    void send(std::string_view bytes) {
      EXPECT_TRUE(write_all(writer_.get(), bytes_of(bytes), "pipe"));
    }
    Result<Json> close() {
      writer_ = UniqueFd();
      return result_.get();
    }

   private:
    static std::vector<UniqueFd> one(int fd) {
      std::vector<UniqueFd> fds;
      fds.emplace_back(fd);
      return fds;
    }
    UniqueFd writer_;
    std::future<Result<Json>> result_;
  };

  std::future<Result<Json>> unpacking(const Json& manifest) {
    return std::async(std::launch::async, [this, manifest] { return unpack(manifest); });
  }
  static bool is_ready(std::future<Result<Json>>& result) {
    return result.wait_for(std::chrono::milliseconds(30)) == std::future_status::ready;
  }
  Path disk(const Json& manifest) const {
    return box.root() / "disks" / (digest_of(manifest).hex() + ".ext4");
  }
  std::string read(const Json& manifest, const std::string& file) {
    return Sandbox::debugfs(disk(manifest), "cat " + file);
  }
  // Waits until the unpacker has read the beginning of what has come.
  static void let_it_read() { std::this_thread::sleep_for(std::chrono::milliseconds(300)); }

  std::string big = noise(700'000, 1);
  Json root = image(
      {Tar().file("a", big).bytes(), Tar().file("b", "2").bytes(), Tar().file("c", "3").bytes()});
};

TEST_F(Pull, UnpacksWhileTheLayersArrive) {
  receive_documents(root, kAmd64);
  auto unpacked = unpacking(root);
  ASSERT_TRUE(receive(layer(root, 2)));  // out of order
  const std::string& bytes = bytes_of_piece(layer(root, 0));
  Line line(*this, layer(root, 0));
  for (size_t at = 0; at < bytes.size(); at += 50'000)
    line.send(std::string_view(bytes).substr(at, 50'000));
  ASSERT_TRUE(line.close());
  EXPECT_FALSE(is_ready(unpacked));
  EXPECT_FALSE(std::filesystem::exists(disk(root)));
  ASSERT_TRUE(receive(layer(root, 1)));
  const auto answer = unpacked.get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)["manifest"], root["digest"]);
  EXPECT_GT((*answer)["diskBytes"], 700'000);
  EXPECT_EQ(Sandbox::check_disk(disk(root)), "");
  EXPECT_EQ(read(root, "/a"), big);
  EXPECT_EQ(read(root, "/c"), "3");
  ASSERT_TRUE(unpack(root));  // it is there already
}

TEST_F(Pull, UnpacksAcrossACutLine) {
  receive_documents(root, kAmd64);
  ASSERT_TRUE(receive(layer(root, 1)));
  ASSERT_TRUE(receive(layer(root, 2)));
  ASSERT_FALSE(receive(layer(root, 0), 0, 300'000));
  box.restart();  // what came before is hashed again before anybody reads it
  auto unpacked = unpacking(root);
  EXPECT_FALSE(is_ready(unpacked));
  ASSERT_FALSE(receive(layer(root, 0), 300'000, 100'000));
  let_it_read();
  ASSERT_TRUE(receive(layer(root, 0), 400'000));
  const auto answer = unpacked.get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(read(root, "/a"), big);
}

TEST_F(Pull, DoesntMixWhatBeginsAnew) {
  receive_documents(root, kAmd64);
  ASSERT_TRUE(receive(layer(root, 1)));
  ASSERT_TRUE(receive(layer(root, 2)));
  for (const bool is_wrong : {true, false}) {
    std::string bytes = bytes_of_piece(layer(root, 0));
    if (is_wrong) bytes.back() ^= 1;
    auto unpacked = unpacking(root);
    Line line(*this, layer(root, 0));
    line.send(std::string_view(bytes).substr(0, 400'000));
    let_it_read();
    if (is_wrong) {
      line.send(std::string_view(bytes).substr(400'000));
      EXPECT_EQ(line.close().error().code, Code::kCorrupt);
    } else {
      ASSERT_FALSE(line.close());
      ASSERT_TRUE(receive(layer(root, 0), 0));
    }
    const auto answer = unpacked.get();
    ASSERT_FALSE(answer);
    // What is wrong may be seen in the stream before it is seen in its digest.
    const bool may_be_corrupt = is_wrong && answer.error().code == Code::kCorrupt;
    EXPECT_TRUE(may_be_corrupt || answer.error().code == Code::kRetry) << answer.error().message;
    EXPECT_FALSE(std::filesystem::exists(disk(root)));
  }
  ASSERT_TRUE(unpack(root));
}

TEST_F(Pull, WaitsForTheEndOfWhatUnpacksAlready) {
  // The tar ends long before the layer does.
  const std::string layers =
      pack(Tar().file("a").bytes(), Packing::kGzip) + std::string(5000, '\0');
  Json manifest = remote.manifest({Tar().file("a").bytes()}, kAmd64, Packing::kGzip);
  const ImageArchive::Blob blob = remote.add_blob(layers);
  manifest["layers"][0]["digest"] = blob.digest.text();
  manifest["layers"][0]["size"] = blob.size;
  const Json padded = publish(manifest, media_type::kManifest);
  receive_documents(padded);
  auto unpacked = unpacking(padded);
  Line line(*this, layer(padded, 0));
  line.send(std::string_view(layers).substr(0, layers.size() - 1));
  let_it_read();
  EXPECT_FALSE(is_ready(unpacked));
  EXPECT_FALSE(std::filesystem::exists(disk(padded)));
  line.send(std::string_view("\0", 1));
  ASSERT_TRUE(line.close());
  EXPECT_TRUE(unpacked.get());
}

TEST_F(Pull, StopsWaitingWhenCancelled) {
  receive_documents(root, kAmd64);
  auto unpacked = unpacking(root);
  EXPECT_FALSE(is_ready(unpacked));
  box.task().cancelled = true;
  EXPECT_EQ(unpacked.get().error().code, Code::kRetry);
  for (const std::string& file : box.leftovers())
    EXPECT_TRUE(file.starts_with("incoming/")) << file;
}

// Nobody sends the rest of a layer whose beginning is refused.
TEST_F(Pull, RefusesAHostileLayerBeforeItsEnd) {
  const Json hostile =
      image({Tar().file("../x").file("y", noise(900'000, 2)).bytes()}, kAmd64, Packing::kPlain);
  receive_documents(hostile);
  auto unpacked = unpacking(hostile);
  Line line(*this, layer(hostile, 0));
  line.send(std::string_view(bytes_of_piece(layer(hostile, 0))).substr(0, 600'000));
  const auto answer = unpacked.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kCorrupt);
  EXPECT_NE(answer.error().message.find("layer 1 of 1"), std::string::npos);
  ASSERT_FALSE(line.close());
}

TEST_F(Pull, ComparesWhatWasUnpackedToo) {
  Json manifest = remote.manifest({Tar().file("a").bytes()}, kAmd64);
  const ImageArchive::Blob other = remote.add_blob(Tar().file("b").bytes());
  manifest["layers"][0]["digest"] = other.digest.text();
  manifest["layers"][0]["size"] = other.size;
  const Json bent = publish(manifest, media_type::kManifest);
  receive_everything(bent);
  EXPECT_EQ(unpack(bent).error().code, Code::kCorrupt);
  EXPECT_EQ(admit("web", bent).error().code, Code::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(disk(bent)));
}

TEST_F(Pull, UnpacksOnlyWhatItKnows) {
  EXPECT_EQ(unpack(root).error().code, Code::kNotFound);
  ASSERT_TRUE(receive(root));
  EXPECT_EQ(unpack(root).error().code, Code::kNotFound);  // the config
  const Json other = index({root});
  ASSERT_TRUE(receive(other));
  EXPECT_EQ(unpack(other).error().code, Code::kInvalid);
}

TEST_F(Pull, BecomesAnImage) {
  const Json other = image({Tar().file("arm").bytes()}, kArm64);
  const Json both = index({other, root});
  receive_everything(both, kAmd64);
  const auto admitted = admit("web:1", both, kAmd64);
  ASSERT_TRUE(admitted) << admitted.error().message;
  const Json& image = (*admitted)["image"];
  EXPECT_EQ(image["reference"], "docker.io/library/web:1");
  EXPECT_EQ(image["descriptor"]["digest"], both["digest"]);
  EXPECT_EQ(image["variants"].size(), 1u);
  EXPECT_TRUE(std::filesystem::is_empty(box.root() / "incoming"));
  ASSERT_TRUE(box.call("storage.prepare", {{"digest", both["digest"]}, {"platform", kAmd64}}));
  // A second name needs nothing; a second platform only its own.
  EXPECT_TRUE((*plan(both, kAmd64))["missing"].empty());
  ASSERT_TRUE(admit("web:2", both, kAmd64));
  EXPECT_EQ((*box.call("storage.list", Json::object()))["references"].size(), 2u);
  EXPECT_EQ((*plan(both, kArm64))["missing"].size(), 1u);
  EXPECT_EQ(admit("web:3", both).error().code, Code::kRetry);
  receive_everything(both, kArm64);
  EXPECT_EQ((*admit("web:3", both))["image"]["variants"].size(), 2u);
}

TEST_F(Pull, IsAdmittedWholeOrNotAtAll) {
  receive_everything(root, kAmd64);
  ASSERT_EQ(::unlink((box.root() / "incoming" / digest_of(layer(root, 1)).hex()).c_str()), 0);
  const auto before = box.leftovers();
  const auto refused = admit("web", root, kAmd64);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kRetry);
  EXPECT_NE(refused.error().message.find("layer 2 of 3"), std::string::npos);
  EXPECT_EQ(box.leftovers(), before);
  ASSERT_TRUE(receive(layer(root, 1)));
  EXPECT_EQ(admit("NOT a name", root, kAmd64).error().code, Code::kInvalid);
  // A table that can't be written.
  std::filesystem::create_directory(box.root() / "images" / "index.json.tmp");
  const auto all = box.leftovers();
  EXPECT_FALSE(admit("web", root, kAmd64));
  std::filesystem::remove(disk(root));  // which may stay
  EXPECT_EQ(box.leftovers(), all);
  std::filesystem::remove(box.root() / "images" / "index.json.tmp");
  EXPECT_TRUE(admit("web", root, kAmd64));
}

TEST_F(Pull, IsKeptByCollectionUntilItIsToGo) {
  const Json nothing{
      {"images", Json::array()}, {"references", Json::array()}, {"containers", Json::array()}};
  receive_everything(root, kAmd64);
  ASSERT_TRUE(unpack(root));
  const Json later = image({noise(5000, 3)});
  receive_documents(later);
  ASSERT_FALSE(receive(layer(later, 0), 0, 4000));
  EXPECT_GT((*box.call("storage.usage", Json::object()))["imagesBytes"], 1'400'000);
  const auto before = box.leftovers();
  EXPECT_EQ((*box.call("storage.gc", nothing))["reclaimed"], 0);
  EXPECT_EQ(box.leftovers(), before);
  ASSERT_TRUE(admit("web", root, kAmd64));

  Json everything = nothing, dry = nothing;
  everything["incoming"] = dry["incoming"] = dry["dryRun"] = true;
  everything["references"] = dry["references"] =
      Json::array({{{"reference", "docker.io/library/web:latest"}, {"digest", root["digest"]}}});
  Line line(*this, layer(later, 0), 4000);
  while (!box.store().content.pinned().contains(digest_of(layer(later, 0))))
    std::this_thread::yield();
  const auto would = box.call("storage.gc", dry);
  EXPECT_EQ(*box.call("storage.gc", everything), *would);
  EXPECT_GT((*would)["reclaimed"], 0);
  EXPECT_TRUE(std::filesystem::exists(part(layer(later, 0))));  // which is being received
  EXPECT_EQ((*plan(later))["missing"].size(), 1u);              // the documents are gone
  ASSERT_FALSE(line.close());
  ASSERT_TRUE(box.call("storage.gc", everything));
  EXPECT_TRUE(std::filesystem::is_empty(box.root() / "incoming"));
  EXPECT_TRUE(box.call("storage.prepare", {{"digest", root["digest"]}, {"platform", kAmd64}}));
}

TEST_F(Pull, IsForgottenAfterAWeek) {
  receive_documents(root, kAmd64);
  ASSERT_FALSE(receive(layer(root, 0), 0, 10));
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * 8);
  std::filesystem::last_write_time(part(layer(root, 0)), long_ago);
  box.restart();
  EXPECT_EQ((*plan(root, kAmd64))["missing"][0]["have"], 0);
  EXPECT_EQ((*plan(root, kAmd64))["missing"].size(), 3u);
}

}  // namespace
}  // namespace bulkhead::storage
