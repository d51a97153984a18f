// The registry commands against a canned service, and a login typed at a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "command/dispatch.hpp"
#include "support/session.hpp"
#include "support/terminal.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using testing::content_of;
using testing::Ended;
using testing::FakeService;
using testing::file_with;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Session;
using testing::Terminal;

const std::string kLogins = R"([{"id": "a.test", "name": "a.test", "username": "me",
  "creationDate": "2026-01-01T00:00:00Z", "modificationDate": "2026-02-01T00:00:00Z", "labels": {}},
  {"id": "b.test:5000", "name": "b.test:5000", "username": "you",
  "creationDate": "2026-01-01T00:00:00Z", "modificationDate": "2026-01-01T00:00:00Z", "labels": {}}])";

class Registry : public ::testing::Test {
 protected:
  Session session_;
};

TEST_F(Registry, ListIsATable) {
  session_.service.answer("GET /v1/registries ", 200, kLogins);
  EXPECT_EQ(session_.run({"registry", "list"}).out,
            "HOSTNAME     USERNAME  MODIFIED              CREATED\n"
            "a.test       me        2026-02-01T00:00:00Z  2026-01-01T00:00:00Z\n"
            "b.test:5000  you       2026-01-01T00:00:00Z  2026-01-01T00:00:00Z\n");
  EXPECT_EQ(session_.run({"r", "ls", "-q"}).out, "a.test\nb.test:5000\n");
  EXPECT_EQ(json::parse(session_.run({"r", "list", "--format", "json"}).out), json::parse(kLogins));
  EXPECT_THAT(session_.run({"r", "list", "--format", "yaml"}).out, HasSubstr("name: a.test"));
  EXPECT_THAT(session_.run({"r", "list", "--format", "toml"}).out, HasSubstr("[[items]]"));
}

TEST_F(Registry, LogoutOfWhatIsNotThereIsNoFailure) {
  session_.service.answer("DELETE /v1/registries/b.test%3A5000", 200, R"({"removed": true})");
  session_.service.answer("DELETE /v1/registries/c.test", 200, R"({"removed": false})");
  const Ended removed = session_.run({"registry", "logout", "b.test:5000"});
  EXPECT_EQ(removed.status, 0);
  EXPECT_EQ(removed.out + removed.err, "");
  const Ended absent = session_.run({"registry", "logout", "c.test"});
  EXPECT_EQ(absent.status, 0);
  EXPECT_EQ(absent.err, "There was no login to c.test.\n");
}

TEST_F(Registry, ThePasswordComesFromStandardInput) {
  for (const char* input : {"s3 cret", "s3 cret\n", "s3 cret\r\n"}) {
    Session session;
    session.service.answer("POST /v1/registries/login", 200, R"({"kept": "file"})");
    session.input = input;
    const Ended ended = session.run(
        {"registry", "login", "--password-stdin", "-u", "me", "--scheme", "http", "a.test"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(ended.out, "Login succeeded\n");
    EXPECT_EQ(ended.err, "It is kept in an encrypted file beside its key.\n");
    EXPECT_EQ(json::parse(session.service.body_of("POST /v1/registries/login")),
              (json{{"server", "a.test"},
                    {"username", "me"},
                    {"password", "s3 cret"},
                    {"scheme", "http"}}));
  }
}

TEST_F(Registry, OnlyOneEndOfALineIsTakenOff) {
  session_.service.answer("POST /v1/registries/login", 200, "{}");
  session_.input = "two\nlines\n\n";
  (void)session_.run({"registry", "login", "--password-stdin", "-u", "me", "a.test"});
  EXPECT_EQ(json::parse(session_.service.body_of("POST"))["password"], "two\nlines\n");
}

TEST_F(Registry, ThePasswordIsInNoMessage) {
  session_.service.answer("POST /v1/registries/login", 403,
                          R"({"detail": "a.test refuses the login", "code": 5})");
  session_.input = "s3cret\n";
  const Ended ended =
      session_.run({"--debug", "registry", "login", "--password-stdin", "-u", "me", "a.test"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("POST /v1/registries/login\n"));
  EXPECT_THAT(ended.err, HasSubstr("Error: a.test refuses the login"));
  EXPECT_THAT(ended.err, Not(HasSubstr("s3cret")));
}

TEST_F(Registry, WhatIsMissingIsAUsageError) {
  session_.input = "s3cret\n";
  const Ended no_name = session_.run({"registry", "login", "--password-stdin", "a.test"});
  EXPECT_EQ(no_name.status, 64);
  EXPECT_THAT(no_name.err, HasSubstr("--username"));
  const Ended no_terminal = session_.run({"registry", "login", "-u", "me", "a.test"});
  EXPECT_EQ(no_terminal.status, 64);
  EXPECT_THAT(no_terminal.err, HasSubstr("--password-stdin"));
  session_.input = "\n";
  const Ended empty = session_.run({"registry", "login", "--password-stdin", "-u", "me", "a.test"});
  EXPECT_EQ(empty.status, 1);
  EXPECT_THAT(empty.err, HasSubstr("password is empty"));
  EXPECT_TRUE(session_.service.lines().empty());
}

class TypedLogin : public ::testing::Test {
 protected:
  // The login while `person` sits at the terminal.
  int login(std::vector<std::string> words, const std::function<void()>& person) {
    service_.answer("POST /v1/registries/login", 200, "{}");
    std::thread typing(person);
    Context context;
    context.in = terminal_.inside();
    context.out = Output(out_.get());
    context.err = Output(terminal_.inside());
    context.service = Service(service_.socket());
    words.insert(words.begin(), {"registry", "login"});
    const int status = dispatch(context, std::move(words));
    typing.join();
    return status;
  }

  FakeService service_;
  Terminal terminal_;
  UniqueFd out_ = file_with("");
};

TEST_F(TypedLogin, AsksForBothAndShowsThePasswordToNobody) {
  std::string shown;
  bool echoed = true;
  const int status = login({"a.test"}, [&] {
    shown += terminal_.read_until("User name: ");
    terminal_.type("me\n");
    shown += terminal_.read_until("Password: ");
    echoed = terminal_.echoes();
    terminal_.type("s3 cret\n");
  });
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(echoed);
  EXPECT_TRUE(terminal_.echoes()) << "the terminal wasn't given back";
  EXPECT_EQ(content_of(out_.get()), "Login succeeded\n");
  EXPECT_EQ(shown, "User name: me\r\nPassword: ");
  EXPECT_EQ(terminal_.read_until("\n"), "\r\n");
  EXPECT_EQ(
      json::parse(service_.body_of("POST")),
      (json{
          {"server", "a.test"}, {"username", "me"}, {"password", "s3 cret"}, {"scheme", "auto"}}));
}

TEST_F(TypedLogin, AsksForWhatIsMissingOnly) {
  std::string shown;
  EXPECT_EQ(login({"-u", "me", "a.test"},
                  [&] {
                    shown = terminal_.read_until("Password: ");
                    terminal_.type("x\n");
                  }),
            0);
  EXPECT_EQ(shown, "Password: ");
}

TEST_F(TypedLogin, NoAnswerIsNoLogin) {
  EXPECT_EQ(login({"a.test"},
                  [&] {
                    (void)terminal_.read_until("User name: ");
                    terminal_.type("\n");
                  }),
            1);
  EXPECT_EQ(login({"-u", "me", "a.test"},
                  [&] {
                    (void)terminal_.read_until("Password: ");
                    terminal_.type("\x04");
                  }),
            1);
  EXPECT_TRUE(service_.lines().empty());
  EXPECT_TRUE(terminal_.echoes());
}

}  // namespace
}  // namespace bulkhead::cli
