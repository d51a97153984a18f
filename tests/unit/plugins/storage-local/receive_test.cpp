#include "receive.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "pulls.hpp"

namespace bulkhead::storage {
namespace {

class Receive : public PullTest {
 protected:
  using PullTest::PullTest;

  Json blob(const std::string& bytes) {
    const ImageArchive::Blob added = remote.add_blob(bytes);
    return {{"mediaType", "x"}, {"digest", added.digest.text()}, {"size", added.size}};
  }
  std::string stored(const Json& content) const {
    return *read_small_file(box_path(content), kGiB);
  }
  Path box_path(const Json& content) const {
    return box.root() / "incoming" / digest_of(content).hex();
  }

  std::string text = std::string(100'000, 'x') + "end";
};

TEST_F(Receive, KeepsWhatIsWhole) {
  const Json content = blob(text);
  const auto received = receive(content);
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ((*received)["received"], text.size());
  EXPECT_EQ(stored(content), text);
  EXPECT_FALSE(std::filesystem::exists(part(content)));
  EXPECT_TRUE(receive(blob("")));
}

TEST_F(Receive, GoesOnAfterARestart) {
  const Json content = blob(text);
  const auto cut = receive(content, 0, 30'000);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::kRetry);
  EXPECT_NE(cut.error().message.find("only 30000 of 100003 bytes came"), std::string::npos);
  box.restart();
  ASSERT_FALSE(receive(content, 30'000, 1));
  box.restart();
  EXPECT_EQ(box.store().incoming.have(digest_of(content)), 30'001u);
  ASSERT_TRUE(receive(content, 30'001));
  EXPECT_EQ(stored(content), text);
}

TEST_F(Receive, GoesOnOnlyWhereItStopped) {
  const Json content = blob(text);
  ASSERT_FALSE(receive(content, 0, 100));
  for (const uint64_t offset : {99, 101, 200'000}) {
    const auto refused =
        receive_bytes(content, text.substr(std::min<uint64_t>(offset, text.size())), offset);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kConflict);
  }
  EXPECT_EQ(size_of_file(part(content)), 100u);
  ASSERT_TRUE(receive(content, 0));  // begins anew
  EXPECT_EQ(stored(content), text);
}

TEST_F(Receive, KeepsNothingOfWhatIsSomethingElse) {
  const Json content = blob(text);
  std::string wrong = text;
  wrong[5] ^= 1;
  for (const std::string& bytes : {wrong, text + "more"}) {
    const auto refused = receive_bytes(content, bytes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kCorrupt) << refused.error().message;
    EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
  }
  // Also if the beginning came earlier.
  ASSERT_FALSE(receive_bytes(content, wrong.substr(0, 10)));
  EXPECT_EQ(receive(content, 10).error().code, Code::kCorrupt);
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
}

TEST_F(Receive, DoesntReadWhatIsHere) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd writer(ends[1]);  // silent
  const Json content = blob(text);
  ASSERT_TRUE(receive(content));
  ASSERT_TRUE(box.call("storage.receive", {{"content", content}, {"kind", "blob"}, {"offset", 7}},
                       UniqueFd(ends[0])));
  Json lying = content;
  lying["size"] = 5;
  EXPECT_EQ(receive_bytes(lying, "").error().code, Code::kCorrupt);
}

TEST_F(Receive, HearsThatItIsCancelledFromASilentPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd writer(ends[1]);
  const Json content = blob(text);
  ASSERT_TRUE(write_all(writer.get(), bytes_of("xxx"), "pipe"));
  std::thread cancel([&] {
    while (box.store().incoming.have(digest_of(content)) < 3) std::this_thread::yield();
    box.task().cancelled = true;
  });
  const auto cancelled =
      box.call("storage.receive", {{"content", content}, {"kind", "blob"}, {"offset", 0}},
               UniqueFd(ends[0]));
  cancel.join();
  EXPECT_EQ(cancelled.error().code, Code::kRetry);
  box.task().cancelled = false;
  EXPECT_TRUE(receive(content, 3));
}

TEST_F(Receive, IsForOneAtATime) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  UniqueFd writer(ends[1]);
  const Json content = blob(text);
  std::thread first([&, reader = ends[0]] {
    EXPECT_TRUE(box.call("storage.receive", {{"content", content}, {"kind", "blob"}, {"offset", 0}},
                         UniqueFd(reader)));
  });
  ASSERT_TRUE(write_all(writer.get(), bytes_of(text.substr(0, 10)), "pipe"));
  while (box.store().incoming.have(digest_of(content)) < 10) std::this_thread::yield();
  EXPECT_EQ(receive_bytes(content, text).error().code, Code::kConflict);
  ASSERT_TRUE(write_all(writer.get(), bytes_of(text.substr(10)), "pipe"));
  writer = UniqueFd();
  first.join();
  EXPECT_EQ(stored(content), text);
}

class ReceiveFullDisk : public Receive {
 protected:
  ReceiveFullDisk() : Receive(full()) {}
  static Limits full() {
    Limits limits;
    limits.host_reserve_bytes = uint64_t{1} << 60;
    return limits;
  }
};

TEST_F(ReceiveFullDisk, SaysSoAndKeepsWhatCame) {
  const Json content = blob(text);
  ASSERT_TRUE(replace_file(part(content), text.substr(0, 10)));
  const auto full = receive(content, 10);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::kNoSpace);
  EXPECT_NE(full.error().message.find("no space for an image: it needs 1 MiB more, the disk has"),
            std::string::npos)
      << full.error().message;
  EXPECT_EQ(size_of_file(part(content)), 10u);
}

class ReceiveLimits : public Receive {
 protected:
  ReceiveLimits() : Receive(small()) {}
  static Limits small() {
    Limits limits;
    limits.document_bytes = 1000;
    limits.blob_bytes = 100'000;
    return limits;
  }
};

TEST_F(ReceiveLimits, BoundWhatIsTaken) {
  EXPECT_EQ(receive(blob(text)).error().code, Code::kCorrupt);
  const Json document = blob(std::string(1001, ' '));
  EXPECT_TRUE(receive(document));
  const Json other = blob(std::string(1002, ' '));
  EXPECT_EQ(box.call("storage.receive", {{"content", other}, {"kind", "manifest"}, {"offset", 0}},
                     pipe_with(""))
                .error()
                .code,
            Code::kCorrupt);
}

TEST_F(Receive, NeedsItsPipeAndAnOffsetThatCanBe) {
  const Json content = blob(text);
  EXPECT_EQ(box.call("storage.receive", {{"content", content}, {"kind", "blob"}, {"offset", 0}})
                .error()
                .code,
            Code::kInvalid);
  EXPECT_EQ(box.call("storage.receive", {{"content", content}, {"kind", "blob"}, {"offset", -1}},
                     pipe_with(""))
                .error()
                .code,
            Code::kInvalid);
  EXPECT_EQ(receive_bytes({{"digest", "md5:1"}}, "").error().code, Code::kInvalid);
}

// However often and wherever the line breaks, what comes together is the same.
TEST_F(Receive, IsTheSameHoweverItIsCut) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::string bytes(1 + random() % 5000, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const Json content = blob(bytes);
    for (uint64_t at = 0; at < bytes.size();) {
      const size_t count = random() % (bytes.size() / 3 + 2);
      const auto received = receive(content, at, count);
      if (received) break;
      ASSERT_EQ(received.error().code, Code::kRetry) << received.error().message;
      if (random() % 5 == 0) box.restart();
      at = box.store().incoming.have(digest_of(content));
      if (at == bytes.size()) at = 0;
    }
    if (!box.store().incoming.has(digest_of(content))) {
      ASSERT_TRUE(receive(content, 0));
    }
    ASSERT_EQ(stored(content), bytes);
  }
}

}  // namespace
}  // namespace bulkhead::storage
