// A real VM for tests: QEMU with our kernel and initramfs, a disk made from busybox, and the
// agent's port on a socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "host_client.hpp"

namespace bulkhead::guest::test {

inline constexpr std::chrono::milliseconds kPatience{180'000};

// Why no VM can be started here; empty if one can.
const std::string& missing_for_vm();

// What a VM has beside its image, its writable disk and the agent's port. kSurrounded: a network
// card (kMac) whose gateway is 10.0.2.2, the disk "volume", and the folder share() as "share".
enum class Devices { kFew, kSurrounded };

inline constexpr const char* kMac = "f2:62:0a:00:02:0f";

class Machine {
 public:
  // extra: more of the kernel's command line.
  explicit Machine(const std::string& extra = "", Devices devices = Devices::kFew);
  ~Machine();

  // Connects as a new host; the former connection is closed.
  bool connect();
  nlohmann::json default_container() const;

  Reply ask(const std::string& method, const std::string& path, const nlohmann::json& body = {});
  // Runs a process to its end.
  Reply run(const std::string& id, nlohmann::json process, std::string_view input = {});
  Reply exec(const std::vector<std::string>& args);
  Reply shell(const std::string& script);

  int32_t start(const std::string& id, const nlohmann::json& process, bool end);
  bool await(const HostClient::Condition& condition) {
    return client->drive(socket.get(), condition, kPatience);
  }
  bool await_closed(int32_t stream) {
    return await([&] { return client->reply(stream).closed; });
  }

  // QEMU's own end, within the patience.
  bool await_exit();
  // What e2fsck says about the writable disk.
  int check_writable_disk() const;
  std::string console() const;
  int64_t writable_allocated() const;
  std::filesystem::path share() const { return directory_ / "share"; }
  // With the disks as they are, after await_exit() or kill().
  void boot_again() { boot("", Devices::kSurrounded); }
  void kill();

  std::unique_ptr<HostClient> client;
  UniqueFd socket;

 private:
  void make_disks();
  void boot(const std::string& extra, Devices devices);

  std::filesystem::path directory_;
  pid_t qemu_ = -1;
  int execs_ = 0;
};

}  // namespace bulkhead::guest::test
