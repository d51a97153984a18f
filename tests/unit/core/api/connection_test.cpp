// A connection against a real socket pair: what a client may send, in what order, and what it gets.
#include "core/api/connection.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "bulkhead/fd_message.hpp"

namespace bulkhead::api {
namespace {

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    router_.add({"GET", "/hello", Body::kNone, "", {}, {}, [](const ExchangePtr& e) {
                   e->reply(200, {{"hello", true}});
                 }});
    router_.add({"POST", "/echo", Body::kJson, "", {}, {}, [](const ExchangePtr& e) {
                   e->reply(200, e->body());
                 }});
    router_.add({"POST", "/strict", {Body::kJson, "StopRequest"}, "", {}, {}, [](const auto& e) {
                   e->reply(200, e->body());
                 }});
    router_.add({"GET", "/gone", Body::kNone, "", {}, {}, [](const ExchangePtr& e) {
                   e->reply(410, {{"status", 410}});
                 }});
    router_.add({"POST", "/boom", Body::kJson, "", {}, {}, [](const ExchangePtr& e) {
                   e->reply(200, e->body().at("missing"));
                 }});
    router_.add({"POST", "/take", Body::kStream, "", {}, {}, [this](const ExchangePtr& e) {
                   taken_ = e->take_fd();
                   held_ = e;
                 }});
    router_.add({"POST", "/up", Body::kJson, "", {}, {}, [this](const ExchangePtr& e) {
                   taken_ = std::move(*e->hand_over("HTTP/1.1 101 x\r\n\r\n"));
                 }});
    router_.add({"GET", "/hang", Body::kNone, "", {}, {}, [this](const ExchangePtr& e) {
                   held_ = e;
                   e->on_closed([this] { gone_ = true; });
                 }});
    auto pair = socket_pair();
    client_ = std::move(pair->first);
    fcntl(client_.get(), F_SETFL, O_NONBLOCK);
    connection_ =
        std::make_shared<Connection>(loop_, router_, std::move(pair->second), [this](Connection*) {
          closed_ = true;
          connection_.reset();
        });
    connection_->begin();
  }
  ~ConnectionTest() override {
    held_.reset();
    connection_.reset();
  }

  void send(const std::string& text) {
    ASSERT_EQ(::send(client_.get(), text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }
  void turn() {
    for (int i = 0; i < 20; ++i) loop_.run_once();
  }
  std::string received() {
    turn();
    std::string all(1 << 20, '\0');
    ssize_t got = recv(client_.get(), all.data(), all.size(), 0);
    all.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return all;
  }

  loop::Loop loop_;
  Router router_;
  UniqueFd client_, taken_;
  ExchangePtr held_;
  bool gone_ = false, closed_ = false;
  std::shared_ptr<Connection> connection_;
};

TEST(MaySpeak, IsForTheOwnerAndRoot) {
  EXPECT_TRUE(may_speak(PeerCredentials{1, geteuid(), 5}));
  EXPECT_TRUE(may_speak(PeerCredentials{1, 0, 0}));
  EXPECT_FALSE(may_speak(PeerCredentials{1, geteuid() + 1, 0}));
  EXPECT_FALSE(may_speak(bulkhead::fail(Code::kInternal, "no credentials")));
}

TEST_F(ConnectionTest, ABodyIsHeldAgainstItsSchema) {
  send("POST /strict HTTP/1.1\r\nContent-Length: 21\r\n\r\n{\"timeoutSeconds\": 3}");
  EXPECT_TRUE(received().starts_with("HTTP/1.1 200"));
  send("POST /strict HTTP/1.1\r\nContent-Length: 14\r\n\r\n{\"timeout\": 3}");
  EXPECT_TRUE(received().starts_with("HTTP/1.1 400"));
}

TEST_F(ConnectionTest, AnswersFrom400OnAreProblemDocuments) {
  send("GET /gone HTTP/1.1\r\n\r\n");
  EXPECT_NE(received().find("Content-Type: application/problem+json\r\n"), std::string::npos);
  send("GET /hello HTTP/1.1\r\n\r\n");
  EXPECT_NE(received().find("Content-Type: application/json\r\n"), std::string::npos);
}

TEST_F(ConnectionTest, AnswersRequestsOneAfterTheOtherOnOneConnection) {
  send("GET /hello HTTP/1.1\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
  std::string text = received();
  EXPECT_NE(text.find("{\"hello\":true}"), text.npos);
  EXPECT_NE(text.find("{\"a\":1}"), text.npos);
  EXPECT_LT(text.find("hello"), text.find("{\"a\""));
  EXPECT_FALSE(closed_);
}

TEST_F(ConnectionTest, AMistakeOfTheClientIsAProblemDocument) {
  send("POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\n{a}");
  EXPECT_NE(received().find("HTTP/1.1 400"), std::string::npos);
  send("POST /boom HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_NE(received().find("application/problem+json"), std::string::npos);
  EXPECT_FALSE(closed_);
}

TEST_F(ConnectionTest, GarbageEndsTheConnectionWithAnAnswer) {
  send("garbage\r\n\r\n");
  EXPECT_NE(received().find("HTTP/1.1 400"), std::string::npos);
  EXPECT_TRUE(closed_);
}

TEST_F(ConnectionTest, ABodyOverTheLimitIsRefused) {
  send("POST /echo HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n");
  std::string piece(100'000, ' ');
  std::string answer;
  for (int i = 0; i < 20 && !closed_; ++i) {
    ::send(client_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    answer += received();
  }
  EXPECT_NE(answer.find("larger than 1 MiB"), answer.npos);
}

TEST_F(ConnectionTest, ADescriptorComesAlong) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  UniqueFd reading(ends[0]), writing(ends[1]);
  std::string text = "POST /take HTTP/1.1\r\nBulkhead-Fd: 1\r\n\r\n";
  int fd = reading.get();
  ASSERT_TRUE(send_all(client_.get(), text.data(), text.size(), {&fd, 1}));
  turn();
  ASSERT_TRUE(taken_);
  ASSERT_EQ(write(writing.get(), "x", 1), 1);
  char c = 0;
  EXPECT_EQ(read(taken_.get(), &c, 1), 1);
  EXPECT_EQ(c, 'x');
}

TEST_F(ConnectionTest, ABodyForADescriptorIsPumpedIntoAPipe) {
  send("POST /take HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  turn();
  ASSERT_TRUE(taken_);
  char text[16] = {};
  EXPECT_EQ(read(taken_.get(), text, sizeof text), 5);
  send("0\r\n\r\n");
  turn();
  EXPECT_EQ(read(taken_.get(), text, sizeof text),
            0);  // the end of the body is the end of the file
  held_->reply(200, {{"ok", true}});
  EXPECT_NE(received().find("{\"ok\":true}"), std::string::npos);
  send("GET /hello HTTP/1.1\r\n\r\n");
  EXPECT_NE(received().find("hello"), std::string::npos);
}

TEST_F(ConnectionTest, AHandedOverConnectionIsNotTouchedAgain) {
  send("POST /up HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_NE(received().find("HTTP/1.1 101"), std::string::npos);
  ASSERT_TRUE(taken_);
  EXPECT_TRUE(closed_);
  ASSERT_EQ(write(taken_.get(), "raw", 3), 3);
  EXPECT_EQ(received(), "raw");
}

TEST_F(ConnectionTest, AHandlerHearsThatItsClientLeft) {
  send("GET /hang HTTP/1.1\r\n\r\n");
  turn();
  ASSERT_TRUE(held_);
  client_.reset();
  turn();
  EXPECT_TRUE(gone_);
  held_->reply(200, {});  // into the void, without harm
}

// A stream that can't go on is cut: no last chunk, and the connection closes.
TEST_F(ConnectionTest, AnAbortedStreamIsNoWholeOne) {
  send("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n");
  turn();
  ASSERT_TRUE(held_);
  held_->begin(200, "text/plain");
  held_->write("half");
  held_->abort();
  std::string answer = received();
  EXPECT_NE(answer.find("4\r\nhalf\r\n"), answer.npos) << answer;
  EXPECT_EQ(answer.find("0\r\n\r\n"), answer.npos) << answer;
  EXPECT_TRUE(closed_);
}

}  // namespace
}  // namespace bulkhead::api
