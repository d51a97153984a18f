// What tests that boot real machines start from: a kernel, an initramfs, a disk with a shell in it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "runtime_plugin.hpp"
#include "test_host.hpp"

namespace bulkhead::qemu::test {

namespace fs = std::filesystem;

inline std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[4096];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  ::pclose(pipe);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out.substr(out.rfind('\n') + 1);
}

// What every test boots, made once: the kernel found, a disk with a shell in it.
struct Materials {
  fs::path dir;
  std::string kernel, initramfs, image, problem;

  Materials() {
    dir = fs::path(testing::TempDir()) / ("vm_test." + std::to_string(::getpid()));
    const char* given = std::getenv("BULKHEAD_KERNEL");
    kernel = given ? given : output_of(KERNEL_SCRIPT " --print-path 2>/dev/null");
    initramfs = INITRAMFS;
    if (!fs::exists(kernel))
      problem = "there is no kernel at " + kernel + ": run " KERNEL_SCRIPT " first";
    if (!fs::exists(initramfs))
      problem = "there is no initramfs at " + initramfs + ": build guest-initramfs";
    if (problem.empty()) make_image();
  }
  ~Materials() {
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }

  void make_image() {
    const fs::path root = dir / "root";
    image = dir / "image.ext4";
    for (const char* folder : {"bin", "etc", "proc", "sys", "dev", "tmp"})
      fs::create_directories(root / folder);
    std::ofstream(root / "etc/passwd") << "root:x:0:0:root:/:/bin/sh\n";
    const fs::path busybox = fs::exists("/bin/busybox") ? "/bin/busybox" : "/usr/bin/busybox";
    std::error_code error;
    fs::copy_file(busybox, root / "bin/busybox", error);
    for (const char* applet :
         {"sh", "cat", "echo", "sleep", "stty", "head", "md5sum", "date", "wc"}) {
      fs::create_symlink("busybox", root / "bin" / applet, error);
    }
    const std::string command =
        "PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -O ^has_journal -d '" + root.string() +
        "' '" + image + "' 16M >/dev/null 2>&1";
    if (error || std::system(command.c_str()) != 0) {
      problem =
          "can't make a disk to boot from: busybox (package busybox-static) and mke2fs (package "
          "e2fsprogs) are needed";
    }
  }
};

inline const Materials& materials() {
  static const Materials made;
  return made;
}

inline Json process_json(std::vector<std::string> args, bool terminal = false,
                         std::vector<std::string> capabilities = {"CAP_KILL"}) {
  return {{"args", std::move(args)},
          {"env", {"PATH=/bin"}},
          {"cwd", "/"},
          {"terminal", terminal},
          {"user", ""},
          {"supplementalGroups", Json::array()},
          {"capabilities", std::move(capabilities)},
          {"rlimits", Json::array()},
          {"noNewPrivileges", false}};
}

struct VmTest : testing::Test {
  fs::path dir = materials().dir / "run";
  TestHost host;
  std::unique_ptr<RuntimePlugin> plugin;

  void SetUp() override {
    ASSERT_EQ(materials().problem, "");
    fs::remove_all(dir);
    fs::create_directories(dir);
    plugin = std::make_unique<RuntimePlugin>(host.host());
    ASSERT_TRUE(
        plugin->start({{"container", "web"}, {"runDir", dir.string()}, {"logDir", dir.string()}}));
  }
  void TearDown() override {
    if (plugin) plugin->stop();
  }

  static Json create_body(const std::string& kernel) {
    return {
        {"container", "web"},
        {"hostname", "web"},
        {"machine",
         {{"accelerator", "tcg"},
          {"cpus", 1},
          {"memoryBytes", 128 << 20},
          {"kernel", kernel},
          {"initramfs", materials().initramfs},
          {"imageDisk", materials().image}}},
        {"guest", {{"hosts", "127.0.0.1 localhost\n"}, {"cpus", 1}, {"memoryBytes", 128 << 20}}}};
  }

  Result<Json> call(const std::string& verb, Json body = Json::object(), UniqueFd fd = {}) {
    return host.call(*plugin, "runtime." + verb, std::move(body), std::move(fd));
  }

  void create() {
    const auto created = call("create", create_body(materials().kernel));
    ASSERT_TRUE(created) << created.error().message;
  }
  void start(std::vector<std::string> args, AttachClient* client = nullptr, bool terminal = false) {
    const auto started = call("start",
                              {{"process", process_json(std::move(args), terminal)},
                               {"attach", client != nullptr},
                               {"stdin", client != nullptr}},
                              client ? client->take_far_end() : UniqueFd());
    ASSERT_TRUE(started) << started.error().message;
  }
  Result<Json> exec(const std::string& id, std::vector<std::string> args, AttachClient& client) {
    return call("exec",
                {{"exec", id},
                 {"process", process_json(std::move(args))},
                 {"attach", true},
                 {"stdin", true}},
                client.take_far_end());
  }
};

}  // namespace bulkhead::qemu::test
