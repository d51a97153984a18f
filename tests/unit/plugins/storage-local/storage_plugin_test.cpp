#include "storage_plugin.hpp"

#include <gtest/gtest.h>

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
                        const int*, uint32_t) {
      static_cast<FakeHost*>(host->ctx)->complete(op, result, error);
    };
  }
  const bh_host* raw() const { return &host_; }

  struct Completion {
    int code = 0;
    std::string text;
    int times = 0;
  };
  Completion wait(bh_op op) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return completions_.contains(op); });
    return completions_[op];
  }

 private:
  void complete(bh_op op, bh_bytes result, const bh_error* error) {
    const std::lock_guard lock(mutex_);
    Completion& completion = completions_[op];
    ++completion.times;
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
