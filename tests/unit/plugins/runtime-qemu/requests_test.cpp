#include "requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::qemu {
namespace {

using testing::HasSubstr;

Json create_body() {
  return {{"container", "web"},
          {"hostname", "web"},
          {"machine",
           {{"accelerator", "tcg"},
            {"cpus", 2},
            {"memoryBytes", 268435456},
            {"kernel", "/k/vmlinux"},
            {"initramfs", "/k/initramfs"},
            {"imageDisk", "/d/image.ext4"},
            {"writableDisk", "/d/writable.ext4"}}},
          {"guest", {{"readOnlyRoot", false}, {"hosts", "127.0.0.1 localhost\n"}}}};
}

TEST(ParseCreate, ReadsAMachine) {
  const auto request = parse_create(create_body());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->machine.cpus, 2u);
  EXPECT_EQ(request->machine.accelerator, Accelerator::kTcg);
  EXPECT_EQ(request->boot_deadline.count(), 0);
}

TEST(ParseCreate, IgnoresUnknownKeys) {
  Json body = create_body();
  body["machine"]["colour"] = "blue";
  EXPECT_TRUE(parse_create(body));
}

TEST(ParseCreate, NamesTheKeyThatIsWrong) {
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{
           {"accelerator", "hvf"},
           {"cpus", 0},
           {"cpus", "two"},
           {"cpus", -1},
           {"memoryBytes", 1.5},
           {"kernel", "vmlinux"},
           {"kernel", nullptr},
           {"imageDisk", 7},
           {"kernelArgs", Json::array({"quiet init=/bin/sh"})},
           {"kernelArgs", "quiet"}}) {
    Json body = create_body();
    body["machine"][key] = value;
    const auto request = parse_create(body);
    ASSERT_FALSE(request) << key << " = " << value;
    EXPECT_EQ(request.error().code, Code::kInvalid);
    EXPECT_THAT(request.error().message, HasSubstr(key));
  }
}

TEST(ParseCreate, RefusesWhatIsNoObject) {
  EXPECT_FALSE(parse_create(Json::array()));
  EXPECT_FALSE(parse_create(nullptr));
  Json body = create_body();
  body["machine"] = "big";
  EXPECT_FALSE(parse_create(body));
}

TEST(ParseExec, RefusesIdsThatWouldLeaveTheirPath) {
  for (const char* id : {"", "../init", "a/b", ".", "..", "a b", "init"}) {
    const auto request = parse_exec({{"exec", id}, {"process", Json::object()}});
    EXPECT_FALSE(request) << id;
  }
  EXPECT_TRUE(parse_exec({{"exec", "a1.b-c_d"}, {"process", Json::object()}}));
}

TEST(ParseStart, CallsTheProcessInit) {
  const auto request =
      parse_start({{"process", {{"terminal", true}}}, {"attach", true}, {"stdin", true}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, "init");
  EXPECT_TRUE(request->attach && request->with_stdin && request->terminal);
}

TEST(ParseSignal, KnowsWhichNumbersAreSignals) {
  EXPECT_TRUE(parse_signal({{"process", "init"}, {"signal", 15}}));
  EXPECT_FALSE(parse_signal({{"process", "init"}, {"signal", 0}}));
  EXPECT_FALSE(parse_signal({{"process", "init"}, {"signal", 65}}));
}

TEST(ParseConfig, HasDefaultsForTheLog) {
  const auto config =
      parse_config({{"container", "web"}, {"runDir", "/run/x"}, {"logDir", "/log/x"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_GE(config->log.max_files, 1u);
  EXPECT_GE(config->log.max_bytes, 4096u);
}

TEST(ParseConfig, RefusesALogThatNeverFits) {
  EXPECT_FALSE(parse_config({{"container", "web"},
                             {"runDir", "/run/x"},
                             {"logDir", "/log/x"},
                             {"log", {{"maxBytes", 1}}}}));
}

TEST(ParseProbe, HasADeadlineEvenIfNobodyGaveOne) {
  const auto request = parse_probe({{"kernel", "/k"}, {"initramfs", "/i"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->deadline.count(), 2000);
}

}  // namespace
}  // namespace bulkhead::qemu
