// The guest as a whole, in a VM: what needs namespaces, cgroups, disks and a kernel of its own.
//
// Most cases share one VM with a running container; those about the VM's or the container's
// beginning and end boot their own.
#include "vm/machine.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <memory>

namespace bulkhead::guest {
namespace {

using nlohmann::json;
using test::Machine;
using test::Reply;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class VmTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!test::missing_for_vm().empty()) return;
    machine = std::make_unique<Machine>();
    ASSERT_TRUE(machine->connect());
    ASSERT_EQ(machine->ask("GET", "/v1/ping").status, 200) << machine->console();
    Reply made = machine->ask("POST", "/v1/container", machine->default_container());
    ASSERT_EQ(made.status, 200) << made.body;
    init = machine->start("init", {{"args", {"sleep", "100000"}}}, true);
    ASSERT_TRUE(machine->await([] { return machine->client->reply(init).status != 0; }));
    ASSERT_EQ(machine->client->reply(init).status, 200) << machine->client->reply(init).body;
  }
  static void TearDownTestSuite() { machine.reset(); }

  void SetUp() override {
    if (const std::string& missing = test::missing_for_vm(); !missing.empty())
      GTEST_SKIP() << missing;
  }

  static std::string out(const std::string& script) {
    Reply reply = machine->shell(script);
    EXPECT_EQ(reply.status, 200) << script << ": " << reply.body;
    return reply.out() + reply.err();
  }
  static Reply run(json process) { return machine->run("run", std::move(process)); }

  static std::unique_ptr<Machine> machine;
  static int32_t init;
};

std::unique_ptr<Machine> VmTest::machine;
int32_t VmTest::init;

TEST_F(VmTest, CommandAndItsExit) {
  EXPECT_EQ(machine->exec({"true"}).exit_code(), 0);
  EXPECT_EQ(machine->exec({"false"}).exit_code(), 1);
  Reply killed = machine->shell("kill -TERM $$");
  EXPECT_EQ(killed.exit_code(), 143);
  EXPECT_EQ(killed.headers.at("x-signal"), "15");
}

TEST_F(VmTest, CommandsThatCannotBeExecuted) {
  auto failure = [](const char* command, int code) {
    Reply reply = machine->exec({command});
    EXPECT_EQ(reply.status, 400) << command;
    json body = json::parse(reply.body);
    EXPECT_EQ(body["code"], code) << command;
    return body["message"].get<std::string>();
  };
  EXPECT_EQ(failure("no-such-command", 127), "command not found: no-such-command");
  EXPECT_EQ(failure("/no/such/command", 127), "command not found: /no/such/command");
  EXPECT_EQ(failure("/bin/not-executable", 126), "execute /bin/not-executable: Permission denied");
  EXPECT_EQ(failure("/etc", 126), "execute /etc: Permission denied");
  EXPECT_THAT(failure("no-interpreter", 127),
              HasSubstr("its interpreter or loader isn't in the image"));
  EXPECT_THAT(failure("garbage", 126), HasSubstr("neither a program"));
}

TEST_F(VmTest, NamespacesAndNames) {
  EXPECT_EQ(out("hostname"), "box\n");
  EXPECT_EQ(out("cat /proc/1/comm"), "init\n");
  EXPECT_THAT(out("ps -o args"), Not(HasSubstr("kthread")))
      << "the VM's processes are not the container's";
  EXPECT_EQ(out("cat /proc/self/cgroup"), "0::/\n");
  for (const char* name : {"mnt", "pid", "uts", "ipc", "cgroup", "net"}) {
    std::string script = std::string("readlink /proc/self/ns/") + name;
    EXPECT_EQ(out(script), run({{"args", {"sh", "-c", script}}}).out())
        << "two execs share " << name;
  }
}

TEST_F(VmTest, OldRootIsGone) {
  EXPECT_EQ(out("cd /; cd ../../..; pwd; ls etc/marker"), "/\netc/marker\n");
  EXPECT_THAT(out("cat /proc/self/mountinfo"), Not(HasSubstr("/run/writable rw")));
  EXPECT_EQ(out("grep -c . /proc/self/mountinfo"), out("grep -c . /proc/mounts"));
  EXPECT_THAT(out("ls /run /init"), HasSubstr("/init: No such file"));
}

TEST_F(VmTest, RootIsTheImageWithALayerAbove) {
  EXPECT_EQ(out("cat /etc/marker; echo mine > /etc/marker; cat /etc/marker"), "image\nmine\n");
  EXPECT_THAT(out("stat -c %a,%u,%g / /tmp"), StartsWith("755,0,0\n"));
}

TEST_F(VmTest, HostsAndResolverReplaceWhateverTheImageHas) {
  EXPECT_EQ(out("cat /etc/hosts"), "127.0.0.1 localhost\n10.0.0.2 box\n");
  EXPECT_EQ(out("cat /etc/resolv.conf; readlink /etc/resolv.conf; ls /run 2>&1"),
            "nameserver 10.0.0.1\nls: /run: No such file or directory\n");
}

TEST_F(VmTest, Devices) {
  EXPECT_EQ(
      out("for d in null zero full random urandom tty; do stat -c '%n %a %t,%T' /dev/$d; done"),
      "/dev/null 666 1,3\n/dev/zero 666 1,5\n/dev/full 666 1,7\n/dev/random 666 1,8\n/dev/urandom "
      "666 1,9\n"
      "/dev/tty 666 5,0\n");
  EXPECT_EQ(out("for l in ptmx fd stdin stdout stderr; do readlink /dev/$l; done"),
            "pts/ptmx\n/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\n");
  EXPECT_THAT(out("ls /dev"), Not(HasSubstr("vda"))) << "the VM's disks are not the container's";
}

TEST_F(VmTest, DefaultMounts) {
  std::string mounts = out("cat /proc/mounts");
  EXPECT_THAT(mounts, HasSubstr("proc /proc proc rw,nosuid,nodev,noexec"));
  EXPECT_THAT(mounts, HasSubstr("sysfs /sys sysfs ro,nosuid,nodev,noexec"));
  EXPECT_THAT(mounts, HasSubstr("cgroup2 /sys/fs/cgroup cgroup2 ro,nosuid,nodev,noexec"));
  EXPECT_THAT(mounts,
              HasSubstr("/dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666"));
  EXPECT_THAT(mounts, HasSubstr("mqueue /dev/mqueue mqueue rw,nosuid,nodev,noexec"));
  EXPECT_THAT(mounts, HasSubstr("tmpfs /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k"));
  EXPECT_THAT(mounts, HasSubstr("tmpfs /scratch/deep tmpfs rw,nosuid,nodev"));
}

TEST_F(VmTest, MaskedPathsAreEmpty) {
  EXPECT_EQ(out("cat /proc/keys /proc/timer_list; ls -A /sys/firmware"), "");
  EXPECT_EQ(out("stat -c %t,%T /proc/keys"), "1,3\n");
}

TEST_F(VmTest, ReadOnlyPathsAreReadOnly) {
  EXPECT_THAT(out("echo 1 > /proc/sys/vm/overcommit_memory"), HasSubstr("Read-only file system"));
  EXPECT_THAT(out("mkdir /sys/fs/cgroup/x"), HasSubstr("Read-only file system"));
}

TEST_F(VmTest, SysctlsAreSet) {
  EXPECT_EQ(out("cat /proc/sys/vm/max_map_count /proc/sys/kernel/shmmni"), "262144\n4097\n");
}

TEST_F(VmTest, Users) {
  auto id = [](const std::string& user, json more = json::object()) {
    more.update({{"args", {"sh", "-c", "id; echo $HOME"}}, {"user", user}});
    return run(more).out();
  };
  EXPECT_EQ(id(""), "uid=0(root) gid=0(root)\n/root\n");
  EXPECT_EQ(id("web"), "uid=1000(web) gid=1001(web) groups=1002(extra)\n/home/web\n");
  EXPECT_EQ(id("1000"), id("web"));
  EXPECT_EQ(id("web:tty"), "uid=1000(web) gid=5(tty)\n/home/web\n");
  EXPECT_EQ(id("7:8"), "uid=7 gid=8\n/\n");
  EXPECT_EQ(id("web", {{"supplementalGroups", {77}}}),
            "uid=1000(web) gid=1001(web) groups=77,1002(extra)\n/home/web\n");
  EXPECT_THAT(id("web", {{"env", {"PATH=/bin", "HOME=/mine"}}}), EndsWith("\n/mine\n"));
  Reply ghost = run({{"args", {"true"}}, {"user", "ghost"}});
  EXPECT_EQ(ghost.status, 400);
  EXPECT_EQ(json::parse(ghost.body),
            (json{{"code", 7}, {"message", "no user ghost in the image's /etc/passwd"}}));
}

TEST_F(VmTest, UserMayReopenItsOutput) {
  Reply reply = run({{"args", {"sh", "-c", "echo again > /dev/stdout"}}, {"user", "web"}});
  EXPECT_EQ(reply.out(), "again\n") << reply.err();
}

TEST_F(VmTest, EnvironmentIsWhatWasGiven) {
  Reply reply = run({{"args", {"/bin/env"}}, {"env", {"A=1", "B=two words", "HOME=/h"}}});
  EXPECT_EQ(reply.out(), "A=1\nB=two words\nHOME=/h\n");
}

TEST_F(VmTest, WorkingDirectoryIsMade) {
  EXPECT_EQ(run({{"args", {"pwd"}}, {"cwd", "/made/for/me"}}).out(), "/made/for/me\n");
  Reply file = run({{"args", {"pwd"}}, {"cwd", "/etc/hosts"}});
  EXPECT_EQ(file.status, 404);
  EXPECT_THAT(file.body, HasSubstr("enter the working directory /etc/hosts: Not a directory"));
}

TEST_F(VmTest, Capabilities) {
  auto sets = [](json process) {
    process["args"] = {"sh", "-c",
                       "grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | tr -d '\\n\\t' "};
    process["args"] = {"grep", "-E", "Cap|NoNewPrivs", "/proc/self/status"};
    return run(process).out();
  };
  EXPECT_EQ(sets({{"capabilities", {"CAP_CHOWN", "CAP_KILL"}}}),
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000000021\nCapEff:\t0000000000000021\n"
            "CapBnd:\t0000000000000021\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\n");
  EXPECT_EQ(sets({{"capabilities", {"CAP_CHOWN", "CAP_KILL"}},
                  {"user", "web"},
                  {"noNewPrivileges", true}}),
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
            "CapBnd:\t0000000000000021\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
  EXPECT_THAT(sets({{"capabilities", json::array()}}),
              HasSubstr("CapEff:\t0000000000000000\nCapBnd:\t0000000000000000"));
  EXPECT_EQ(run({{"args", {"sh", "-c", "hostname other"}}}).exit_code(), 1)
      << "no CAP_SYS_ADMIN by default";
}

TEST_F(VmTest, ResourceLimits) {
  EXPECT_EQ(out("ulimit -Sn; ulimit -Hn"), "1024\n1048576\n");
  Reply reply = run({{"args", {"sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -c"}},
                     {"rlimits",
                      {{{"type", "RLIMIT_NOFILE"}, {"soft", 99}, {"hard", 100}},
                       {{"type", "RLIMIT_CORE"}, {"soft", -1}, {"hard", -1}}}}});
  EXPECT_EQ(reply.out(), "99\n100\nunlimited\n");
}

TEST_F(VmTest, NothingOfTheAgentsLeaksIn) {
  EXPECT_EQ(out("ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 ");
  EXPECT_THAT(out("ls -l /proc/1/fd /proc/1/exe /proc/1/root 2>&1"), Not(HasSubstr("->")))
      << "PID 1 can't be looked into";
  EXPECT_EQ(out("grep SigBlk /proc/self/status"), "SigBlk:\t0000000000000000\n");
}

TEST_F(VmTest, InputAndOutputOfAnySize) {
  std::string input;
  for (int i = 0; i < 2'000'000; i++) input += static_cast<char>(i * 31 + i / 1000);
  Reply reply = machine->run("big", {{"args", {"cat"}}}, input);
  EXPECT_TRUE(reply.out() == input) << reply.out().size();
}

TEST_F(VmTest, Terminal) {
  json process = {
      {"args",
       {"sh", "-c",
        "tty; stty size; ls -1 /dev/pts; stat -c %U /dev/pts/0; read x; stty size; echo $x >&2"}},
      {"terminal", true},
      {"stdin", true},
      {"user", "web"},
      {"size", {{"rows", 12}, {"cols", 34}}}};
  int32_t stream = machine->start("tty", process, false);
  ASSERT_TRUE(machine->await(
      [&] { return machine->client->reply(stream).out().find("web\r\n") != std::string::npos; }));
  EXPECT_EQ(machine->client->reply(stream).out(), "/dev/pts/0\r\n12 34\r\n0\r\nptmx\r\nweb\r\n");
  EXPECT_EQ(machine->ask("POST", "/v1/processes/tty/resize", {{"rows", 56}, {"cols", 78}}).status,
            200);
  machine->client->send(stream, "hi\n");
  ASSERT_TRUE(machine->await_closed(stream));
  EXPECT_THAT(machine->client->reply(stream).out(), EndsWith("hi\r\n56 78\r\nhi\r\n"));
}

TEST_F(VmTest, OrphansAreReaped) {
  out("for i in 1 2 3; do (sleep 0.1 &); done");
  bool gone = false;
  for (int i = 0; i < 100 && !gone; i++)
    gone = out("ps -o stat,args | grep -E 'sleep 0.1|^Z' | grep -v grep").empty();
  EXPECT_TRUE(gone);
}

TEST_F(VmTest, OutOfMemoryIsReported) {
  Reply reply = machine->shell("dd if=/dev/zero of=/dev/null bs=100M count=1; exit $?");
  Reply direct = machine->exec({"dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"});
  EXPECT_EQ(direct.exit_code(), 137);
  EXPECT_EQ(direct.headers.at("x-oom-killed"), "1") << direct.err();
  EXPECT_EQ(reply.headers.at("x-oom-killed"), "1") << "through the shell that waited for it";
  EXPECT_EQ(machine->shell("kill -KILL $$").headers.at("x-oom-killed"), "0");
}

TEST_F(VmTest, Statistics) {
  out("cat /bin/busybox > /dev/null; dd if=/dev/zero of=/file bs=1k count=256 2>/dev/null; sync");
  json statistics = json::parse(machine->ask("GET", "/v1/stats").body);
  EXPECT_EQ(statistics["memoryLimitBytes"], 48 << 20);
  EXPECT_GT(statistics["memoryUsageBytes"], 0);
  EXPECT_GT(statistics["cpuUsageUsec"], 0);
  EXPECT_GT(statistics["blockReadBytes"], 0);
  EXPECT_EQ(statistics["numProcesses"], 2) << "the init and its command";
}

TEST_F(VmTest, LimitsOfTheCgroupAreSeenInside) {
  EXPECT_EQ(out("cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max"),
            "50331648\n100000 100000\n");
}

TEST_F(VmTest, AgentIsSmall) {
  // Its pid is 1 outside; the container's PID 1 is a fork of it and shares most of it.
  std::string status = out("grep VmRSS /proc/1/status");
  RecordProperty("containerInitRss", status);
  EXPECT_LT(std::stol(status.substr(status.find_first_of("0123456789"))), 6 * 1024) << status;
}

TEST_F(VmTest, LoopbackIsUp) {
  EXPECT_EQ(out("cat /sys/class/net/lo/flags"), "0x9\n");
}

TEST_F(VmTest, ClockIsTheHosts) {
  EXPECT_NEAR(double(std::stol(out("date +%s"))), double(time(nullptr)), 30.0);
}

TEST_F(VmTest, NewHostFindsTheContainer) {
  machine->client->reset(init);
  ASSERT_TRUE(machine->await_closed(init));
  ASSERT_TRUE(machine->connect());
  ASSERT_EQ(machine->ask("GET", "/v1/ping").status, 200) << machine->console();
  EXPECT_THAT(out("ps -o args"), HasSubstr("sleep 100000"));
  EXPECT_EQ(machine->ask("POST", "/v1/container", machine->default_container()).status, 409);
}

// Cases with a VM of their own.
class OwnVmTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string& missing = test::missing_for_vm(); !missing.empty())
      GTEST_SKIP() << missing;
  }

  void boot(const json& patch = json::object(), const std::string& extra = "") {
    machine = std::make_unique<Machine>(extra);
    ASSERT_TRUE(machine->connect());
    ASSERT_EQ(machine->ask("GET", "/v1/ping").status, 200) << machine->console();
    container = machine->default_container();
    container.update(patch);
    made = machine->ask("POST", "/v1/container", container);
  }
  Reply run_init(json process) { return machine->run("init", std::move(process)); }
  void shut_down() {
    EXPECT_EQ(machine->ask("POST", "/v1/shutdown", json::object()).body, "{}");
    EXPECT_TRUE(machine->await_exit());
  }

  std::unique_ptr<Machine> machine;
  json container;
  Reply made;
};

TEST_F(OwnVmTest, WithoutAnInitTheCommandIsPidOne) {
  boot({{"useInit", false},
        {"rootfs", {{"image", "image"}, {"writable", nullptr}, {"readOnly", true}}}});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(machine->exec({"true"}).status, 200) << "the namespaces are there before the command";
  int32_t stream = machine->start("init",
                                  {{"args",
                                    {"sh", "-c",
                                     "echo $$; pwd; touch /file; touch /dev/shm/file && echo shm; "
                                     "trap 'exit 9' USR1; echo ready; while :; do sleep 0.1; "
                                     "done"}},
                                   {"cwd", "/made/for/it"}},
                                  true);
  ASSERT_TRUE(machine->await(
      [&] { return machine->client->reply(stream).out().find("ready") != std::string::npos; }));
  Reply reply = machine->client->reply(stream);
  EXPECT_EQ(reply.out(), "1\n/made/for/it\nshm\nready\n");
  EXPECT_THAT(reply.err(), HasSubstr("Read-only file system"));
  // Whoever is left when the command ends is killed with its namespace.
  int32_t left = machine->start("left", {{"args", {"sleep", "1000"}}}, true);
  ASSERT_TRUE(machine->await([&] { return machine->client->reply(left).status == 200; }));
  EXPECT_EQ(machine->ask("POST", "/v1/processes/init/signal", {{"signal", SIGUSR1}}).status, 200);
  ASSERT_TRUE(machine->await_closed(stream));
  ASSERT_TRUE(machine->await_closed(left));
  EXPECT_EQ(machine->client->reply(stream).exit_code(), 9);
  EXPECT_EQ(machine->client->reply(left).exit_code(), 137);
  EXPECT_EQ(machine->exec({"true"}).status, 409);
}

TEST_F(OwnVmTest, InitPassesSignalsOnAndEndsAsItsCommand) {
  boot();
  ASSERT_EQ(made.status, 200) << made.body;
  int32_t stream = machine->start(
      "init",
      {{"args",
        {"sh", "-c", "trap 'echo got; kill -KILL $$' TERM; echo $$; while :; do sleep 0.1; done"}},
       {"user", "web"},
       {"capabilities", json::array()}},
      true);
  ASSERT_TRUE(machine->await([&] { return machine->client->reply(stream).out() == "2\n"; }));
  EXPECT_EQ(machine->ask("POST", "/v1/processes/init/signal", {{"signal", SIGTERM}}).status, 200);
  ASSERT_TRUE(machine->await_closed(stream));
  EXPECT_EQ(machine->client->reply(stream).out(), "2\ngot\n");
  EXPECT_EQ(machine->client->reply(stream).exit_code(), 137);
  EXPECT_EQ(machine->client->reply(stream).headers.at("x-signal"), "9");
}

TEST_F(OwnVmTest, CommandThatIsNotThereEndsTheContainer) {
  boot();
  Reply reply = run_init({{"args", {"no-such-command"}}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json::parse(reply.body)["code"], 127);
  EXPECT_EQ(run_init({{"args", {"true"}}}).status, 409);
}

TEST_F(OwnVmTest, ConsoleIsTheTerminalOfTheFirstProcess) {
  boot();
  Reply reply =
      run_init({{"args", {"sh", "-c", "tty; echo hello > /dev/console"}}, {"terminal", true}});
  EXPECT_EQ(reply.out(), "/dev/pts/0\r\nhello\r\n");
}

TEST_F(OwnVmTest, ShutdownLeavesTheDiskCleanAndTheData) {
  boot();
  ASSERT_EQ(made.status, 200) << made.body;
  machine->start("init", {{"args", {"sh", "-c", "while :; do echo x >> /log; done"}}}, true);
  EXPECT_EQ(machine->shell("echo kept > /kept").exit_code(), 0);
  shut_down();
  EXPECT_EQ(machine->check_writable_disk(), 0) << machine->console();
  EXPECT_THAT(machine->console(), Not(HasSubstr("bulkhead:")));
}

TEST_F(OwnVmTest, DeletedDataIsGivenBackToTheHost) {
  boot();
  ASSERT_EQ(made.status, 200) << made.body;
  machine->shell("dd if=/dev/urandom of=/file bs=1M count=16 2>/dev/null; sync");
  int64_t full = machine->writable_allocated();
  EXPECT_GT(full, 16 << 20);
  machine->shell("rm /file; sync; sleep 0.1; sync");
  shut_down();
  EXPECT_LT(machine->writable_allocated(), full - (12 << 20));
}

TEST_F(OwnVmTest, MistakesInTheContainerAreNamed) {
  boot({{"rootfs", {{"image", "other"}}}});
  EXPECT_EQ(made.status, 404);
  EXPECT_EQ(json::parse(made.body)["message"], "the VM has no disk with the serial other");
}

TEST_F(OwnVmTest, SysctlThatDoesNotExistIsAnError) {
  boot({{"sysctls", {{"../../etc/passwd", "x"}}}});
  EXPECT_EQ(json::parse(made.body)["message"],
            "set the sysctl ../../etc/passwd to x: Invalid cross-device link");
}

TEST_F(OwnVmTest, ProbeSaysItsLineAndEnds) {
  machine = std::make_unique<Machine>("bulkhead.probe=1");
  EXPECT_TRUE(machine->await_exit());
  EXPECT_THAT(machine->console(), HasSubstr("bulkhead: guest ready\r\n"));
}

TEST_F(OwnVmTest, TemplateGivesItsDisksBackUntilTheyAreNeeded) {
  boot({{"clone", {{"disks", 2}}}}, "bulkhead.template=1");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(run_init({{"args", {"cat", "/etc/marker"}}}).out(), "image\n");
}

}  // namespace
}  // namespace bulkhead::guest
