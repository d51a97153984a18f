#include "vm/machine.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

extern char** environ;

namespace bulkhead::guest::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char piece[256];
  while (fgets(piece, sizeof piece, pipe) != nullptr) text += piece;
  pclose(pipe);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

fs::path kernel() {
  if (const char* given = getenv("BULKHEAD_KERNEL")) return given;
  return output_of(std::string(BULKHEAD_SOURCE) +
                   "/guest/kernel/build.sh --print-path 2>/dev/null");
}

void write_file(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

// An image as it would come from a registry, small: busybox, users, and a few traps for whoever
// writes into it.
void fill_image(const fs::path& root) {
  for (const char* directory : {"bin", "proc", "sys", "dev", "tmp", "var", "root"})
    fs::create_directories(root / directory);
  fs::copy_file("/bin/busybox", root / "bin/busybox");
  for (const char* applet :
       {"sh",    "cat",  "echo", "id",   "true",   "false", "sleep",    "ls",   "mount",
        "stty",  "tty",  "env",  "pwd",  "kill",   "ps",    "head",     "dd",   "hostname",
        "touch", "wc",   "yes",  "grep", "ulimit", "mkdir", "readlink", "stat", "setsid",
        "date",  "tail", "df",   "seq",  "md5sum", "chmod", "mkfifo"})
    fs::create_symlink("busybox", root / "bin" / applet);
  fs::copy_file(BULKHEAD_VM_PROGRAM, root / "bin/program");
  // What a volume at /filled gets.
  write_file(root / "filled/sub/file", "the image's\n");
  fs::create_hard_link(root / "filled/sub/file", root / "filled/same");
  fs::permissions(root / "filled/same", fs::perms(04755));
  fs::create_symlink("sub/file", root / "filled/link");
  fs::create_directory_symlink("/run/lock", root / "var/lock");
  write_file(root / "etc/passwd",
             "root:x:0:0::/root:/bin/sh\nweb:x:1000:1001:Web:/home/web:/bin/sh\n");
  write_file(root / "etc/group", "root:x:0:\nweb:x:1001:\nextra:x:1002:other,web\ntty:x:5:\n");
  write_file(root / "etc/marker", "image\n");
  write_file(root / "etc/hosts", "the image's\n");
  // As systemd images have it: a link to a place that doesn't exist.
  fs::create_symlink("/run/systemd/resolve/stub-resolv.conf", root / "etc/resolv.conf");
  write_file(root / "bin/not-executable", "#!/bin/sh\necho no\n");
  fs::permissions(root / "bin/not-executable", fs::perms(0644));
  write_file(root / "bin/no-interpreter", "#!/no/such/interpreter\n");
  fs::permissions(root / "bin/no-interpreter", fs::perms(0755));
  write_file(root / "bin/garbage", "\x01\x02garbage");
  fs::permissions(root / "bin/garbage", fs::perms(0755));
}

}  // namespace

namespace {

std::string find_missing() {
  if (!fs::exists(kernel())) return "the guest kernel isn't built (guest/kernel/build.sh)";
  if (output_of("command -v qemu-system-x86_64").empty())
    return "qemu-system-x86_64 isn't installed";
  if (!fs::exists("/bin/busybox")) return "busybox isn't installed";
  return "";
}

}  // namespace

const std::string& missing_for_vm() {
  static const std::string missing = find_missing();
  return missing;
}

Machine::Machine(const std::string& extra, Devices devices) {
  std::string pattern = (fs::temp_directory_path() / "bulkhead-vm-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  directory_ = pattern;
  make_disks();
  boot(extra, devices);
}

Machine::~Machine() {
  kill();
  fs::remove_all(directory_);
}

void Machine::kill() {
  socket.reset();
  if (qemu_ <= 0) return;
  ::kill(qemu_, SIGKILL);
  waitpid(qemu_, nullptr, 0);
  qemu_ = -1;
}

void Machine::make_disks() {
  fill_image(directory_ / "image");
  std::string tool = fs::exists("/sbin/mke2fs") ? "/sbin/mke2fs" : "mke2fs";
  std::string image = (directory_ / "image.ext4").string();
  std::string writable = (directory_ / "writable.ext4").string();
  output_of(tool + " -q -t ext4 -O ^has_journal -E root_owner=0:0 -d " +
            (directory_ / "image").string() + " " + image + " 16M");
  output_of(tool + " -q -t ext4 " + writable + " 64M");
  output_of(tool + " -q -t ext4 " + (directory_ / "volume.ext4").string() + " 32M");
  fs::create_directories(share() / "sub");
  write_file(share() / "file", "the host's\n");
  write_file(share() / "sub/file", "below\n");
}

void Machine::boot(const std::string& extra, Devices devices) {
  std::string initramfs = BULKHEAD_INITRAMFS;
  auto disk = [&](const std::string& name, const char* options) {
    return "if=none,id=" + name + ",file=" + (directory_ / (name + ".ext4")).string() +
           ",format=raw" + options;
  };
  std::vector<std::string> args = {
      "qemu-system-x86_64",
      "-M",
      "microvm,x-option-roms=off,rtc=on,isa-serial=on,acpi=off",
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-no-reboot",
      "-accel",
      "tcg,tb-size=64,thread=single",
      "-cpu",
      "max",
      "-m",
      "256",
      "-kernel",
      kernel().string(),
      "-initrd",
      initramfs,
      "-append",
      "console=ttyS0 quiet reboot=t panic=-1 no_timer_check tsc=reliable noreplace-smp " + extra,
      "-global",
      "virtio-mmio.force-legacy=false",
      "-serial",
      "file:" + (directory_ / "console").string(),
      "-device",
      "virtio-serial-device",
      "-chardev",
      "socket,id=agent,path=" + (directory_ / "agent").string() + ",server=on,wait=off",
      "-device",
      "virtserialport,chardev=agent,name=org.bulkhead.agent",
      "-drive",
      disk("image", ",readonly=on"),
      "-device",
      "virtio-blk-device,drive=image,serial=image",
      "-drive",
      disk("writable", ",discard=unmap"),
      "-device",
      "virtio-blk-device,drive=writable,serial=writable"};
  if (devices == Devices::kSurrounded) {
    for (const std::string& arg :
         {std::string("-netdev"), std::string("user,id=net0,restrict=on"), std::string("-device"),
          std::string("virtio-net-device,netdev=net0,mac=") + kMac, std::string("-drive"),
          disk("volume", ",discard=unmap"), std::string("-device"),
          std::string("virtio-blk-device,drive=volume,serial=volume"), std::string("-fsdev"),
          "local,id=share,security_model=none,multidevs=remap,path=" + share().string(),
          std::string("-device"), std::string("virtio-9p-device,fsdev=share,mount_tag=share")})
      args.push_back(arg);
  }
  std::vector<char*> pointers;
  for (std::string& arg : args) pointers.push_back(arg.data());
  pointers.push_back(nullptr);
  if (posix_spawnp(&qemu_, pointers[0], nullptr, nullptr, pointers.data(), environ) != 0)
    qemu_ = -1;
}

bool Machine::connect() {
  socket.reset();
  client = std::make_unique<HostClient>();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = (directory_ / "agent").string();
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  for (auto deadline = std::chrono::steady_clock::now() + kPatience;
       std::chrono::steady_clock::now() < deadline;) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      socket = std::move(fd);
      return true;
    }
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

nlohmann::json Machine::default_container() const {
  auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return {
      {"hostname", "box"},
      {"timeUs", now.count()},
      {"entropy", std::string(85, 'A') + "A=="},
      {"rootfs", {{"image", "image"}, {"writable", "writable"}, {"readOnly", false}}},
      {"resolvConf", "nameserver 10.0.0.1\n"},
      {"hosts", "127.0.0.1 localhost\n10.0.0.2 box\n"},
      {"shmBytes", 1 << 20},
      {"tmpfs", {"/scratch/deep"}},
      {"maskedPaths",
       {"/proc/kcore", "/proc/keys", "/proc/scsi", "/sys/firmware", "/proc/timer_list"}},
      {"readonlyPaths", {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}},
      {"sysctls", {{"vm.max_map_count", "262144"}, {"kernel.shmmni", "4097"}}},
      {"useInit", true},
      {"cpus", 1},
      {"memoryBytes", 48 << 20}};
}

Reply Machine::ask(const std::string& method, const std::string& path, const nlohmann::json& body) {
  int32_t stream = client->request(method, path, body.is_null() ? "" : body.dump(), true);
  await_closed(stream);
  return client->reply(stream);
}

namespace {

nlohmann::json complete(nlohmann::json process) {
  nlohmann::json defaults = {
      {"env", {"PATH=/bin", "LANG=C"}},
      {"cwd", "/"},
      {"capabilities",
       {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT",
        "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_SETFCAP"}}};
  defaults.update(process);
  return defaults;
}

}  // namespace

int32_t Machine::start(const std::string& id, const nlohmann::json& process, bool end) {
  return client->request("POST", "/v1/processes/" + id, process_body(complete(process).dump()),
                         end);
}

Reply Machine::run(const std::string& id, nlohmann::json process, std::string_view input) {
  process["stdin"] = !input.empty();
  int32_t stream = client->request("POST", "/v1/processes/" + id,
                                   process_body(complete(process).dump(), input), true);
  await_closed(stream);
  return client->reply(stream);
}

Reply Machine::exec(const std::vector<std::string>& args) {
  return run("exec-" + std::to_string(++execs_), {{"args", args}});
}

Reply Machine::shell(const std::string& script) {
  return exec({"sh", "-c", script});
}

bool Machine::await_exit() {
  for (auto deadline = std::chrono::steady_clock::now() + kPatience;
       std::chrono::steady_clock::now() < deadline;) {
    if (waitpid(qemu_, nullptr, WNOHANG) == qemu_) {
      qemu_ = -1;
      return true;
    }
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

int Machine::check_writable_disk() const {
  std::string tool = fs::exists("/sbin/e2fsck") ? "/sbin/e2fsck" : "e2fsck";
  int status = system(
      (tool + " -fn " + (directory_ / "writable.ext4").string() + " >/dev/null 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string Machine::console() const {
  std::ifstream file(directory_ / "console");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

int64_t Machine::writable_allocated() const {
  struct stat status {};
  stat((directory_ / "writable.ext4").c_str(), &status);
  return int64_t{status.st_blocks} * 512;
}

}  // namespace bulkhead::guest::test
