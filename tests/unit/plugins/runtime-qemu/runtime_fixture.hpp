// The whole plugin against fake_qemu: what the methods promise, with the failures that a real guest
// won't have on demand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "runtime_plugin.hpp"
#include "test_host.hpp"

namespace bulkhead::qemu::test {

namespace fs = std::filesystem;

inline std::string file_text(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

// Children of this process that still exist, zombies too.
inline size_t count_children() {
  size_t count = 0;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::istringstream pids(file_text(task.path() / "children"));
    for (std::string pid; pids >> pid;) ++count;
  }
  return count;
}

inline size_t count_fds() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& fd : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

struct RuntimeTest : testing::Test {
  fs::path dir = fs::path(testing::TempDir()) / ("runtime_test." + std::to_string(::getpid()));
  TestHost host;
  std::unique_ptr<RuntimePlugin> plugin;
  size_t fds_before = 0;

  void SetUp() override {
    fs::create_directories(dir);
    { const loop::Loop first; }  // libuv keeps a pipe for signals from the first loop on
    fds_before = count_fds();
    start_plugin(FAKE_QEMU);
  }

  void TearDown() override {
    if (plugin) plugin->stop();
    plugin.reset();
    EXPECT_EQ(count_children(), 0u) << "a VM was left behind";
    EXPECT_EQ(count_fds(), fds_before) << "a descriptor was left behind";
    fs::remove_all(dir);
  }

  void start_plugin(const std::string& qemu) {
    if (plugin) plugin->stop();
    plugin = std::make_unique<RuntimePlugin>(host.host());
    const auto started = plugin->start(
        {{"container", "web"}, {"runDir", dir.string()}, {"logDir", dir.string()}, {"qemu", qemu}});
    ASSERT_TRUE(started) << started.error().message;
  }

  static Json create_body(const std::vector<std::string>& kernel_args = {},
                          const std::string& accelerator = "tcg", int deadline_ms = 0) {
    return {{"container", "web"},
            {"hostname", "web"},
            {"bootDeadlineMs", deadline_ms},
            {"machine",
             {{"accelerator", accelerator},
              {"cpus", 1},
              {"memoryBytes", 64 << 20},
              {"kernel", "/k"},
              {"initramfs", "/i"},
              {"imageDisk", "/d"},
              {"kernelArgs", kernel_args}}},
            {"guest", Json::object()}};
  }

  static Json process_body(std::vector<std::string> args, bool attach = false,
                           bool with_stdin = false, bool terminal = false) {
    return {{"process", {{"args", std::move(args)}, {"terminal", terminal}}},
            {"attach", attach},
            {"stdin", with_stdin}};
  }
  static Json exec_body(const std::string& id, std::vector<std::string> args, bool attach = false,
                        bool with_stdin = false) {
    Json body = process_body(std::move(args), attach, with_stdin);
    body["exec"] = id;
    return body;
  }

  Result<Json> call(const std::string& verb, Json body = Json::object(), UniqueFd fd = {}) {
    return host.call(*plugin, "runtime." + verb, std::move(body), std::move(fd));
  }

  void create(const std::vector<std::string>& kernel_args = {}) {
    const auto created = call("create", create_body(kernel_args));
    ASSERT_TRUE(created) << created.error().message;
  }

  // A container whose first process waits to be told.
  void run_container(const std::vector<std::string>& args = {"sleep"},
                     const std::vector<std::string>& kernel_args = {}) {
    create(kernel_args);
    const auto started = call("start", process_body(args));
    ASSERT_TRUE(started) << started.error().message;
  }
};

}  // namespace bulkhead::qemu::test
