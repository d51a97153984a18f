#include <csignal>

#include "runtime_fixture.hpp"

namespace bulkhead::qemu::test {
namespace {

using testing::HasSubstr;

using AttachTest = RuntimeTest;

TEST_F(AttachTest, EndsStdinWithAnEmptyFrame) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"cat"}, true, true), client.take_far_end()));
  client.send_stdin("typed");
  client.end_stdin();
  EXPECT_EQ(client.read_all().out, "typed");
}

TEST_F(AttachTest, CarriesOutResizesInOrder) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"cat"}, true, true, true), client.take_far_end()));
  client.send(StreamType::kControl, R"({"resize":{"rows":40,"cols":100}})");
  client.send(StreamType::kControl, R"({"resize":{"rows":41,"cols":99999999}})");
  client.send(StreamType::kControl, R"({"colour":"blue"})");
  std::string out;
  while (out.find("41") == std::string::npos) {
    const auto frame = client.next();
    ASSERT_TRUE(frame);
    if (frame->type == StreamType::kStdout) out += frame->body;
  }
  EXPECT_LT(out.find("40"), out.find("41"));
  EXPECT_THAT(out, HasSubstr("65535")) << "a size is clamped to what a terminal can have";
  client.end_stdin();
  client.read_all();
}

TEST_F(AttachTest, PassesSignalsOn) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"sleep"}, true), client.take_far_end()));
  client.send(StreamType::kControl, R"({"signal":2})");
  EXPECT_EQ(client.read_all().control.back(), (Json{{"exit", {{"exitCode", 130}, {"signal", 2}}}}));
}

TEST_F(AttachTest, SurvivesAFloodOfControlFrames) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"cat"}, true, true), client.take_far_end()));
  for (int i = 0; i < 2000; ++i)
    client.send(StreamType::kControl, R"({"resize":{"rows":1,"cols":1}})");
  client.send_stdin("still here");
  client.end_stdin();
  EXPECT_THAT(client.read_all().out, HasSubstr("still here"));
}

TEST_F(AttachTest, RefusesBytesThatAreNoFrames) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"sleep"}, true, true), client.take_far_end()));
  const char junk[] = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_EQ(::write(client.fd(), junk, sizeof junk), static_cast<ssize_t>(sizeof junk));
  const auto all = client.read_all();
  ASSERT_FALSE(all.control.empty());
  EXPECT_TRUE(all.control.back().contains("error"));
  EXPECT_EQ((*call("inspect"))["state"], "running")
      << "a bad client is no reason to stop a container";
}

TEST_F(AttachTest, RefusesAFrameThatOnlyTheContainerSends) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"sleep"}, true, true), client.take_far_end()));
  client.send(StreamType::kStdout, "spoofed");
  EXPECT_TRUE(client.read_all().control.back().contains("error"));
}

TEST_F(AttachTest, AClientThatGoesDoesNotEndTheProcess) {
  create();
  {
    AttachClient client;
    ASSERT_TRUE(call("start", process_body({"sleep"}, true, true), client.take_far_end()));
  }
  ASSERT_TRUE(call("stats"));
  EXPECT_EQ((*call("inspect"))["state"], "running");
}

TEST_F(AttachTest, StdinEndsWithTheClient) {
  run_container();
  {
    AttachClient client;
    ASSERT_TRUE(call("exec", exec_body("job", {"cat"}, true, true), client.take_far_end()));
  }
  EXPECT_EQ((*host.event("exec.exited"))["exitCode"], 0);
}

// 64 MiB don't fit into any buffer between the two: if the process ends, somebody buffered without
// limit.
TEST_F(AttachTest, ASlowClientSlowsTheProcessDown) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"flood", "65536"}, true), client.take_far_end()));
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(call("stats")) << "the connection serves others meanwhile";
  EXPECT_EQ((*call("inspect"))["state"], "running");
  EXPECT_EQ(client.read_all().out.size(), 64u << 20);
  EXPECT_TRUE(host.event("container.exited"));
}

TEST_F(AttachTest, ASlowClientThatGoesReleasesTheProcess) {
  run_container();
  {
    AttachClient client;
    ASSERT_TRUE(call("exec", exec_body("job", {"flood", "65536"}, true), client.take_far_end()));
  }
  EXPECT_EQ((*host.event("exec.exited"))["exitCode"], 0);
}

TEST_F(AttachTest, ASlowClientDoesNotKeepAContainerFromStopping) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"flood", "65536"}, true), client.take_far_end()));
  EXPECT_TRUE(call("stop", {{"signal", SIGTERM}, {"timeoutMs", 60'000}}));
  EXPECT_EQ(count_children(), 0u);
}

// Less than a stream's window, which is what the host takes off the guest ahead of the client.
TEST_F(AttachTest, OutputThatFitsIsReadAfterTheEndToo) {
  create();
  AttachClient client;
  ASSERT_TRUE(call("start", process_body({"flood", "900"}, true), client.take_far_end()));
  ASSERT_TRUE(host.event("vm.stopped"));
  EXPECT_EQ(client.read_all().out.size(), 900u << 10);
}

}  // namespace
}  // namespace bulkhead::qemu::test
