#include "storage_plugin.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <map>

#include "archives.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

// A host that notes completions.
class FakeHost {
 public:
  FakeHost() {
    host_.size = sizeof host_;
    host_.major = BH_PLUGIN_MAJOR;
    host_.ctx = this;
    host_.get_extension = [](const bh_host*, const char*) -> const void* { return nullptr; };
    host_.log = [](const bh_host*, int32_t, bh_op, bh_bytes) {};
    host_.progress = [](const bh_host*, bh_op, bh_bytes) {};
    host_.emit = [](const bh_host*, const char*, bh_bytes) {};
    host_.complete = [](const bh_host* host, bh_op op, bh_bytes result, const bh_error* error,
                        const int*, uint32_t fds) {
      static_cast<FakeHost*>(host->ctx)->complete(op, result, error, fds);
    };
  }
  const bh_host* raw() const { return &host_; }

  struct Completion {
    int code = 0;
    std::string text;
    int times = 0;
    uint32_t fds = 0;
  };
  Completion wait(bh_op op) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return completions_.contains(op); });
    return completions_[op];
  }

 private:
  void complete(bh_op op, bh_bytes result, const bh_error* error, uint32_t fds) {
    const std::lock_guard lock(mutex_);
    Completion& completion = completions_[op];
    ++completion.times;
    completion.fds = fds;
    completion.code = error != nullptr ? error->code : 0;
    const bh_bytes text = error != nullptr ? error->message : result;
    completion.text.assign(reinterpret_cast<const char*>(text.data), text.len);
    changed_.notify_all();
  }

  bh_host host_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<bh_op, Completion> completions_;
};

class PluginTest : public testing::Test {
 protected:
  PluginTest() {
    EXPECT_TRUE(
        plugin.start({{"root", (dir.path() / "store").string()}, {"hostPlatform", kAmd64}}));
  }
  ~PluginTest() override { plugin.stop(); }

  bool submit(bh_op op, const std::string& method, const Json& body, UniqueFd fd = UniqueFd()) {
    plugin::Request request{method, body, {}};
    if (fd) request.fds.push_back(std::move(fd));
    plugin::Reply reply(host.raw(), op);
    const bool accepted = plugin.submit(request, reply);
    if (!accepted) reply.fail({Code::kUnsupported, "refused", {}});
    return accepted;
  }

  TempDir dir;
  FakeHost host;
  StoragePlugin plugin{plugin::Host(host.raw())};
};

TEST_F(PluginTest, CompletesWhatItAccepts) {
  ASSERT_TRUE(submit(1, "storage.load", {{"label", "a.tar"}},
                     file_with(simple_archive({Tar().file("a").bytes()}, "a"))));
  ASSERT_TRUE(submit(2, "storage.load", {{"label", "b.tar"}}, file_with("nothing")));
  ASSERT_TRUE(submit(3, "storage.load", {{"label", "c.tar"}}));
  EXPECT_EQ(host.wait(1).code, 0);
  EXPECT_EQ(host.wait(2).code, BH_CORRUPT);
  EXPECT_EQ(host.wait(3).code, BH_INVALID);
  ASSERT_TRUE(submit(4, "storage.list", Json::object()));
  EXPECT_NE(host.wait(4).text.find("docker.io/library/a:latest"), std::string::npos);
  EXPECT_EQ(host.wait(1).times, 1);
}

TEST_F(PluginTest, RefusesMethodsItDoesntKnow) {
  EXPECT_FALSE(submit(1, "storage.explode", Json::object()));
}

// A container must not wait for an archive that trickles in.
TEST_F(PluginTest, AnswersWhileAnArchiveLoads) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  UniqueFd writer(ends[1]);
  ASSERT_TRUE(submit(1, "storage.load", {{"label", "-"}}, UniqueFd(ends[0])));
  ASSERT_TRUE(submit(2, "storage.list", Json::object()));
  EXPECT_EQ(host.wait(2).code, 0);
  plugin.cancel(1);
  EXPECT_EQ(host.wait(1).code, BH_RETRY);
}

// The unpacking of a pull waits for its layers, which arrive beside it and beside somebody's load.
TEST_F(PluginTest, ReceivesUnpacksAndAdmitsBesideEachOther) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd writer(ends[1]);
  ASSERT_TRUE(submit(1, "storage.load", {{"label", "-"}}, UniqueFd(ends[0])));
  ImageArchive remote;
  const Json document = remote.manifest({Tar().file("a").bytes()}, kAmd64);
  const Json manifest = remote.describe(document, media_type::kManifest);
  const auto receive = [&](bh_op op, const Json& content) {
    const std::string hex = content["digest"].get<std::string>().substr(7);
    ASSERT_TRUE(submit(op, "storage.receive",
                       {{"content", content}, {"kind", "blob"}, {"offset", 0}},
                       file_with(remote.blobs[hex])));
  };
  receive(2, manifest);
  receive(3, document["config"]);
  EXPECT_EQ(host.wait(2).code + host.wait(3).code, 0);
  ASSERT_TRUE(submit(4, "storage.unpack", {{"manifest", manifest["digest"]}}));
  receive(5, document["layers"][0]);
  EXPECT_EQ(host.wait(4).code, 0) << host.wait(4).text;
  ASSERT_TRUE(submit(6, "storage.admit", {{"reference", "web"}, {"root", manifest}}));
  EXPECT_EQ(host.wait(6).code, 0) << host.wait(6).text;
  ASSERT_TRUE(submit(7, "storage.open", {{"digest", manifest["digest"]}}));
  EXPECT_EQ(host.wait(7).fds, 1u);
}

TEST_F(PluginTest, CancelsWhatWaits) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd writer(ends[1]);
  const Json content{{"mediaType", "x"}, {"digest", Digest::of(bytes_of("x")).text()}, {"size", 1}};
  for (bh_op op = 1; op <= 2; ++op) {
    ASSERT_TRUE(submit(op, "storage.receive",
                       {{"content", content}, {"kind", "blob"}, {"offset", 0}},
                       UniqueFd(::dup(ends[0]))));
    if (op == 1) plugin.cancel(op);
    if (op == 2) plugin.stop();
    EXPECT_EQ(host.wait(op).code, BH_RETRY);
  }
  ::close(ends[0]);
}

TEST_F(PluginTest, EndsEverythingWhenStopped) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  UniqueFd writer(ends[1]);
  ASSERT_TRUE(submit(1, "storage.load", {{"label", "-"}}, UniqueFd(ends[0])));
  ASSERT_TRUE(submit(2, "storage.load", {{"label", "queued"}}, file_with("")));
  plugin.stop();
  EXPECT_EQ(host.wait(1).times, 1);
  EXPECT_EQ(host.wait(2).code, BH_RETRY);
}

TEST(PluginStart, SaysWhatIsWrongWithItsConfig) {
  FakeHost host;
  StoragePlugin plugin{plugin::Host(host.raw())};
  EXPECT_EQ(plugin.start({{"root", "/tmp"}}).error().code, Code::kInvalid);
  EXPECT_EQ(plugin.start({{"hostPlatform", kAmd64}}).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace bulkhead::storage
