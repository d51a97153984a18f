// From the command line of pull and run to the request for a pull.
#include "options/transfer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/parse.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Result<json> request(const Command& command, std::vector<std::string> words,
                     const char* default_platform = nullptr) {
  const auto invocation = parse(command, std::move(words));
  if (!invocation) return fail(invocation.error());
  return pull_request(*invocation, invocation->arguments().front(),
                      [default_platform](const std::string& name) -> std::optional<std::string> {
                        if (name != "CONTAINER_DEFAULT_PLATFORM" || default_platform == nullptr) {
                          return std::nullopt;
                        }
                        return default_platform;
                      });
}

TEST(PullRequest, HasTheDefaultsAndNoPlatform) {
  for (const Command* command : {&commands::image_pull, &commands::container_run}) {
    EXPECT_EQ(request(*command, {"web"}).value(),
              (json{{"reference", "web"}, {"scheme", "auto"}, {"maxConcurrentDownloads", 3}}));
  }
}

TEST(PullRequest, HasWhatIsAskedFor) {
  const auto made = request(commands::image_pull, {"--platform", "linux/arm64/v8", "--scheme",
                                                   "http", "--max-concurrent-downloads=64", "web"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made,
            (json{{"reference", "web"},
                  {"scheme", "http"},
                  {"maxConcurrentDownloads", 64},
                  {"platform", {{"os", "linux"}, {"architecture", "arm64"}, {"variant", "v8"}}}}));
  EXPECT_EQ((*request(commands::container_create, {"-a", "x86_64", "web"}))["platform"],
            (json{{"os", "linux"}, {"architecture", "amd64"}}));
  EXPECT_EQ((*request(commands::image_pull, {"web"}, "linux/s390x"))["platform"],
            (json{{"os", "linux"}, {"architecture", "s390x"}}));
}

TEST(PullRequest, RefusesSenselessValues) {
  for (const char* number : {"0", "65", "-1", "many", "", "3.5"}) {
    const auto made =
        request(commands::image_pull, {std::string("--max-concurrent-downloads=") + number, "web"});
    ASSERT_FALSE(made) << number;
    EXPECT_EQ(made.error().code, kUsage) << number;
    EXPECT_THAT(made.error().message, HasSubstr("--max-concurrent-downloads"));
  }
  EXPECT_EQ(request(commands::image_pull, {"--scheme", "ftp", "web"}).error().code, kUsage);
  EXPECT_EQ(request(commands::image_pull, {"--progress", "tty", "web"}).error().code, kUsage);
  EXPECT_EQ(request(commands::container_run, {"--pull", "often", "web"}).error().code, kUsage);
  EXPECT_EQ(request(commands::image_pull, {"--platform", "arm64", "web"}).error().code, kUsage);
}

}  // namespace
}  // namespace bulkhead::cli
