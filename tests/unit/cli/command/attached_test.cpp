// Signals before the process is there, with a real terminal: the service answers nothing until the
// client has gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command/dispatch.hpp"
#include "support/session.hpp"
#include "support/terminal.hpp"

namespace bulkhead::cli {
namespace {

using testing::content_of;
using testing::FakeService;
using testing::file_with;
using ::testing::HasSubstr;
using testing::Received;
using testing::Terminal;

class Booting : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    service_.answer("POST /v1/containers ", 201, R"({"id": "web"})");
    service_.answer("GET /v1/containers/web ", 200,
                    R"({"id": "web", "configuration": {"initProcess": {"terminal": true}}})");
    service_.converse("POST /v1/containers/web/start", [](int connection, const Received&) {
      kill(getpid(), GetParam());
      char byte = 0;
      (void)recv(connection, &byte, 1, 0);
    });
    service_.answer("DELETE /v1/containers/web?force=1", 200, R"({"id": "web"})");
  }

  int run(std::vector<std::string> words) {
    Context context;
    context.in = terminal_.inside();
    context.out = Output(out_.get());
    context.err = Output(err_.get());
    context.service = Service(service_.socket());
    return dispatch(context, std::move(words));
  }

  FakeService service_;
  Terminal terminal_;
  UniqueFd out_ = file_with(""), err_ = file_with("");
};

TEST_P(Booting, ARunIsInterruptedAndLeavesNoContainer) {
  EXPECT_EQ(run({"run", "-it", "busybox"}), 128 + GetParam());
  EXPECT_THAT(content_of(err_.get()), HasSubstr("Error: interrupted"));
  EXPECT_EQ(service_.lines().back(), "DELETE /v1/containers/web?force=1");
}

TEST_P(Booting, AStartIsInterruptedAndKeepsItsContainer) {
  EXPECT_EQ(run({"start", "-ai", "web"}), 128 + GetParam());
  EXPECT_EQ(service_.lines().back(), "POST /v1/containers/web/start");
}

INSTANTIATE_TEST_SUITE_P(Signals, Booting, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

}  // namespace
}  // namespace bulkhead::cli
