// The whole protocol over two HTTP/2 sessions back to back, with a backend that only records what
// it is asked.
#include "guest/core/router.hpp"

#include "bulkhead/version.hpp"
#include "guest/core/answers.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>

#include "host_client.hpp"

namespace bulkhead::guest {
namespace {

using nlohmann::json;
using test::HostClient;
using test::process_body;
using test::Reply;

// A process that does what the test says.
class FakeProcess final : public StreamOwner {
 public:
  FakeProcess(Http2Server& http, StreamId id) : server(&http), stream(id) {}
  void take_input(std::string_view bytes) override {
    input.append(bytes);
    if (takes_input) server->consumed(stream, bytes.size());
  }
  void end_input() override { input_ended = true; }
  Output fill_output(std::span<uint8_t> space) override {
    size_t step = std::min(space.size(), output.size());
    std::copy_n(output.data(), step, space.data());
    output.erase(0, step);
    asked += step;
    return {step, over ? Then::kEnd : Then::kWait};
  }
  Headers trailers() override { return {{"x-exit-code", "7"}}; }
  void detach() override { detached = true; }

  Http2Server* server;
  StreamId stream;
  std::string input, output;
  size_t asked = 0;
  bool takes_input = true, input_ended = false, over = false, detached = false;
};

class FakeBackend final : public Backend {
 public:
  std::string ping() override { return "{}"; }
  Status configure(const ContainerSpec& spec) override {
    hostname = spec.hostname;
    return {};
  }
  Result<StreamOwner*> start(const std::string& id, const ProcessSpec& spec, std::string_view,
                             Caller caller) override {
    if (spec.args.front() == "missing")
      return fail(Code::kCommandNotFound, "command not found: missing");
    started.push_back(id);
    processes.push_back(std::make_unique<FakeProcess>(caller.server, caller.stream));
    return processes.back().get();
  }
  Status signal(const std::string& id, int number) override {
    if (id == "gone") return fail(Code::kNotFound, "no process gone is running");
    last_signal = number;
    return {};
  }
  Status resize(const std::string&, TerminalSize size) override {
    rows = size.rows;
    return {};
  }
  Result<StreamOwner*> socket_notices(Caller) override { return none(); }
  Result<StreamOwner*> take_connection(uint64_t, Caller) override { return none(); }
  Result<StreamOwner*> connect_socket(uint64_t, Caller) override { return none(); }
  static Failure none() { return fail(Code::kNotFound, "no sockets here"); }
  Status reset() override {
    hostname.clear();
    return {};
  }
  Status touch(const std::vector<std::string>& paths) override {
    touched = paths;
    return {};
  }
  Result<Statistics> statistics() override { return Statistics{.num_processes = 3}; }
  std::string kernel_log() override { return kernel_log_body("<6>[0.0] \xff Linux"); }
  void shut_down() override { shutdown = true; }

  std::string hostname;
  std::vector<std::string> started, touched;
  std::deque<std::unique_ptr<FakeProcess>> processes;
  int last_signal = 0, rows = 0;
  bool shutdown = false;
};

class RouterTest : public testing::Test {
 protected:
  RouterTest() { router.serve(server.get()); }

  void exchange() {
    std::array<uint8_t, 700> space;  // smaller than a frame, so that frames are cut
    for (bool moved = true; moved;) {
      moved = false;
      if (std::string bytes = client.take_output(); !bytes.empty()) {
        ASSERT_TRUE(server->feed(bytes));
        moved = true;
      }
      while (size_t size = server->take_output(space)) {
        ASSERT_TRUE(client.feed({reinterpret_cast<char*>(space.data()), size}));
        moved = true;
      }
    }
  }

  Reply ask(const std::string& method, const std::string& path, std::string body = {}) {
    int32_t stream = client.request(method, path, std::move(body), true);
    exchange();
    EXPECT_TRUE(client.reply(stream).closed) << path;
    return client.reply(stream);
  }

  int32_t start(std::string_view input = {}, bool end = false) {
    int32_t stream = client.request("POST", "/v1/processes/p",
                                    process_body(R"({"args": ["sh"], "stdin": true})", input), end);
    exchange();
    return stream;
  }

  FakeProcess& process() { return *backend.processes.back(); }

  FakeBackend backend;
  Router router{backend};
  std::unique_ptr<Http2Server> server = std::make_unique<Http2Server>(router);
  HostClient client;
};

TEST_F(RouterTest, PlainRequests) {
  EXPECT_EQ(ask("GET", "/v1/ping").status, 200);
  EXPECT_EQ(json::parse(ask("GET", "/v1/stats").body)["numProcesses"], 3);
  EXPECT_EQ(json::parse(ask("GET", "/v1/kernel-log").body)["text"], "<6>[0.0] \ufffd Linux");
  EXPECT_EQ(ask("POST", "/v1/processes/p/signal", R"({"signal": 15})").body, "{}");
  EXPECT_EQ(backend.last_signal, 15);
  EXPECT_EQ(ask("POST", "/v1/processes/p/resize", R"({"rows": 9, "cols": 9})").status, 200);
  EXPECT_EQ(backend.rows, 9);
  EXPECT_EQ(ask("POST", "/v1/touch", R"({"paths": ["/src/a"]})").body, "{}");
  EXPECT_THAT(backend.touched, testing::ElementsAre("/src/a"));
  EXPECT_EQ(ask("POST", "/v1/shutdown", "{}").status, 200);
  EXPECT_TRUE(backend.shutdown);
}

TEST_F(RouterTest, ContainerIsParsed) {
  json body = {{"hostname", "box"},
               {"entropy", std::string(85, 'A') + "A=="},
               {"rootfs", {{"image", "image"}}}};
  const std::string told = ask("POST", "/v1/container", body.dump()).body;
  EXPECT_EQ(nlohmann::json::parse(told), (nlohmann::json{{"version", kVersion}}));
  EXPECT_EQ(backend.hostname, "box");
  EXPECT_EQ(ask("POST", "/v1/reset", "{}").body, "{}");
  EXPECT_EQ(backend.hostname, "");
}

TEST_F(RouterTest, ErrorsCarryCodeAndMessage) {
  Reply gone = ask("POST", "/v1/processes/gone/signal", R"({"signal": 9})");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(json::parse(gone.body), (json{{"code", 3}, {"message", "no process gone is running"}}));
  Reply missing = ask("POST", "/v1/processes/p", process_body(R"({"args": ["missing"]})"));
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(json::parse(missing.body)["code"], 127);
}

TEST_F(RouterTest, WhatIsNotInTheTableIsRefused) {
  EXPECT_EQ(ask("GET", "/").status, 404);
  EXPECT_EQ(ask("GET", "/v1/pings").status, 404);
  EXPECT_EQ(ask("POST", "/v1/ping").status, 400);
  EXPECT_EQ(ask("GET", "/v1/processes/p").status, 400);
  EXPECT_EQ(ask("POST", "/v1/processes/p/frobnicate").status, 404);
  EXPECT_EQ(ask("POST", "/v1/processes/").status, 400);
  EXPECT_EQ(ask("POST", "/v1/processes/a%2fb").status, 400);
  EXPECT_EQ(ask("POST", "/v1/processes/" + std::string(129, 'a')).status, 400);
  EXPECT_EQ(ask("GET", "/" + std::string(10000, 'a')).status, 404);
  EXPECT_EQ(ask("POST", "/v1/processes/p/signal", "not json").status, 400);
  EXPECT_TRUE(backend.started.empty());
}

TEST_F(RouterTest, BodiesAreBounded) {
  EXPECT_EQ(ask("POST", "/v1/container", std::string(kBodyLimit + 1, ' ')).status, 400);
  // Announced, never sent.
  int32_t stream =
      client.request("POST", "/v1/processes/p", std::string("\x7f\xff\xff\xff", 4), false);
  exchange();
  EXPECT_EQ(client.reply(stream).status, 400);
}

TEST_F(RouterTest, ProcessStartsWhenItsDescriptionIsComplete) {
  std::string body = process_body(R"({"args": ["sh"], "stdin": true})", "in");
  int32_t stream = client.request("POST", "/v1/processes/p", "", false);
  for (size_t i = 0; i < body.size(); i++) {
    EXPECT_EQ(backend.started.size(), i >= body.size() - 2 ? 1u : 0u);
    client.send(stream, body.substr(i, 1));
    exchange();
  }
  EXPECT_EQ(process().input, "in");
  client.send(stream, "put");
  exchange();
  EXPECT_EQ(process().input, "input");
  EXPECT_FALSE(process().input_ended);
  client.finish(stream);
  exchange();
  EXPECT_TRUE(process().input_ended);
}

TEST_F(RouterTest, DescriptionInputAndEndInOnePiece) {
  start("input", true);
  EXPECT_EQ(process().input, "input");
  EXPECT_TRUE(process().input_ended);
}

TEST_F(RouterTest, EndBeforeTheDescriptionIsAnError) {
  EXPECT_EQ(ask("POST", "/v1/processes/p", process_body(R"({"args": ["sh"]})").substr(0, 9)).status,
            400);
  EXPECT_EQ(ask("POST", "/v1/processes/p").status, 400);
}

TEST_F(RouterTest, OutputThenTrailers) {
  int32_t stream = start("", true);
  server->respond_from_owner(process().stream, {{"x-pid", "42"}});
  exchange();
  EXPECT_EQ(client.reply(stream).status, 200);
  EXPECT_EQ(client.reply(stream).headers.at("x-pid"), "42");
  process().output = "hello";
  server->resume(process().stream);
  exchange();
  EXPECT_EQ(client.reply(stream).body, "hello");
  EXPECT_FALSE(client.reply(stream).closed);
  process().over = true;
  server->resume(process().stream);
  exchange();
  EXPECT_EQ(client.reply(stream).headers.at("x-exit-code"), "7");
  EXPECT_TRUE(client.reply(stream).closed);
  EXPECT_TRUE(process().detached);
}

TEST_F(RouterTest, EndedProcessClosesItsStreamThoughTheHostStillSends) {
  int32_t stream = start();
  process().over = true;
  server->respond_from_owner(process().stream, {});
  exchange();
  EXPECT_TRUE(client.reply(stream).closed);
  EXPECT_EQ(client.reply(stream).reset, 0u) << "NO_ERROR, after everything was said";
  EXPECT_EQ(client.reply(stream).exit_code(), 7);
}

TEST_F(RouterTest, HostThatDoesNotReadStopsTheOutputAtItsWindow) {
  int32_t stream = start("", true);
  client.set_reading(false);
  process().output = std::string(3 * kStreamWindow, 'x');
  server->respond_from_owner(process().stream, {});
  exchange();
  EXPECT_EQ(process().asked, size_t{kStreamWindow});
  client.set_reading(true);
  exchange();
  EXPECT_EQ(client.reply(stream).body.size(), size_t{3} * kStreamWindow);
}

TEST_F(RouterTest, ProcessThatDoesNotReadStopsItsInputAtTheWindowAndNothingElse) {
  int32_t stream = start();
  process().takes_input = false;
  std::vector<FakeProcess*> stuck;
  // Together more than the connection's window.
  for (int i = 0; i < 20; i++) {
    stream = start();
    stuck.push_back(&process());
    process().takes_input = false;
    client.send(stream, std::string(2 * kStreamWindow, 'x'));
  }
  exchange();
  // The description has used a little of the window.
  for (FakeProcess* each : stuck) EXPECT_NEAR(double(each->input.size()), kStreamWindow, 64);
  EXPECT_EQ(ask("POST", "/v1/processes/p/signal", R"({"signal": 9})").status, 200);

  server->consumed(stuck.back()->stream, kStreamWindow);
  exchange();
  EXPECT_NEAR(double(stuck.back()->input.size()), 2 * kStreamWindow, 64);
}

TEST_F(RouterTest, ResetDetachesTheProcess) {
  int32_t stream = start();
  client.reset(stream);
  exchange();
  EXPECT_TRUE(process().detached);
}

TEST_F(RouterTest, LostSessionDetachesTheProcesses) {
  start();
  server.reset();
  EXPECT_TRUE(process().detached);
}

TEST_F(RouterTest, BytesThatAreNotHttpEndTheSession) {
  exchange();
  EXPECT_FALSE(Http2Server(router).feed("GET / HTTP/1.1\r\n\r\n0123456789"));
}

TEST_F(RouterTest, AtMostAThousandAndTwentyFourStreams) {
  exchange();
  for (uint32_t i = 0; i < kMaxStreams; i++)
    client.request("POST", "/v1/processes/p", process_body(R"({"args":["a"]})"), false);
  exchange();
  EXPECT_EQ(backend.started.size(), size_t{kMaxStreams});
  client.request("GET", "/v1/ping", "", true);
  exchange();
  backend.processes.front()->over = true;
  server->respond_from_owner(backend.processes.front()->stream, {});
  exchange();
  EXPECT_TRUE(backend.processes.front()->detached);
}

}  // namespace
}  // namespace bulkhead::guest
