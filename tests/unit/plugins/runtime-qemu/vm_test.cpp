// The plugin against the real thing: QEMU, our kernel, our init. Slow (each test boots a machine),
// so a label of its own: vm.
//
// What is missing is a failure, not a skip: a green run of these tests means that a VM booted.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "vm_fixture.hpp"

namespace bulkhead::qemu::test {
namespace {

using testing::HasSubstr;

TEST_F(VmTest, RunsACommandToItsExitCode) {
  create();
  AttachClient client;
  start({"sh", "-c", "echo out; echo err >&2; exit 3"}, &client);
  const auto all = client.read_all();
  EXPECT_EQ(all.out, "out\n");
  EXPECT_EQ(all.err, "err\n");
  EXPECT_EQ(all.control.back(), (Json{{"exit", {{"exitCode", 3}}}}));
  EXPECT_EQ((*host.event("container.exited"))["exitCode"], 3);
  EXPECT_EQ((*host.event("vm.stopped"))["clean"], true);
}

TEST_F(VmTest, SetsTheGuestsClock) {
  create();
  AttachClient client;
  start({"date", "+%s"}, &client);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  EXPECT_NEAR(std::stod(client.read_all().out), static_cast<double>(now), 5);
}

TEST_F(VmTest, RunsSeveralProcessesAtOnceAndKeepsTheirBytesApart) {
  create();
  start({"sleep", "1000"});
  std::vector<AttachClient> clients(8);
  for (size_t i = 0; i < clients.size(); ++i) {
    const auto started = exec("e" + std::to_string(i), {"cat"}, clients[i]);
    ASSERT_TRUE(started) << started.error().message;
  }
  std::string input[8];
  for (size_t i = 0; i < clients.size(); ++i) {
    input[i] = std::string(300'000, static_cast<char>('a' + i));
    std::thread([&] {
      clients[i].send_stdin(input[i]);
      clients[i].end_stdin();
    }).join();
  }
  for (size_t i = 0; i < clients.size(); ++i) {
    EXPECT_TRUE(clients[i].read_all().out == input[i]) << "process " << i;
  }
}

TEST_F(VmTest, GivesATerminalItsSize) {
  create();
  AttachClient client;
  start({"sh", "-c", "read line; stty size"}, &client, true);
  client.send(StreamType::kControl, R"({"resize":{"rows":33,"cols":77}})");
  client.send_stdin("\n");
  EXPECT_THAT(client.read_all().out, HasSubstr("33 77"));
}

TEST_F(VmTest, SaysThatACommandIsMissing) {
  create();
  const auto started =
      call("start", {{"process", process_json({"nosuch"})}, {"attach", false}, {"stdin", false}});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::kCommandNotFound);
  EXPECT_THAT(started.error().message, HasSubstr("nosuch"));
}

TEST_F(VmTest, StopsWithAnEscalation) {
  create();
  start({"sh", "-c", "trap '' TERM; while :; do sleep 1; done"});
  const auto stopped = call("stop", {{"signal", SIGTERM}, {"timeoutMs", 500}});
  ASSERT_TRUE(stopped) << stopped.error().message;
  EXPECT_EQ((*stopped)["exitCode"], 137);
}

TEST_F(VmTest, ReportsAKilledMachine) {
  create();
  start({"sleep", "1000"});
  ::kill((*call("inspect"))["pid"].get<pid_t>(), SIGKILL);
  EXPECT_EQ((*host.event("container.exited"))["reason"], "vm-lost");
}

TEST_F(VmTest, ExplainsAKernelThatIsNone) {
  const fs::path kernel = dir / "kernel";
  std::ofstream(kernel) << "this is a text\n";
  const auto created = call("create", create_body(kernel));
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("the VM of web did not boot: QEMU exited"));
}

TEST_F(VmTest, NeverTrustsAKvmThatDoesNotBoot) {
  const auto verdict = call(
      "probe",
      {{"kernel", materials().kernel}, {"initramfs", materials().initramfs}, {"deadlineMs", 3000}});
  ASSERT_TRUE(verdict);
  EXPECT_FALSE((*verdict)["reason"].get<std::string>().empty());
  // Whatever the verdict, a create under KVM ends with a VM.
  Json body = create_body(materials().kernel);
  body["machine"]["accelerator"] = "kvm";
  body["bootDeadlineMs"] = 20'000;
  const auto created = call("create", body);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["accelerator"], (*verdict)["usable"] == true ? "kvm" : "tcg");
}

// A second process boots a VM and is killed; its QEMU must go with it.
TEST(VmHostTest, AKilledHostTakesItsMachineAlong) {
  ASSERT_EQ(materials().problem, "");
  const fs::path dir = materials().dir / "killed";
  fs::create_directories(dir);
  int report[2];
  ASSERT_EQ(::pipe(report), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    TestHost host;
    RuntimePlugin plugin(host.host());
    (void)plugin.start({{"container", "web"}, {"runDir", dir.string()}, {"logDir", dir.string()}});
    const auto created =
        host.call(plugin, "runtime.create", VmTest::create_body(materials().kernel));
    const pid_t qemu = created ? (*created)["pid"].get<pid_t>() : 0;
    (void)!::write(report[1], &qemu, sizeof qemu);
    ::pause();
  }
  pid_t qemu = 0;
  ASSERT_EQ(::read(report[0], &qemu, sizeof qemu), static_cast<ssize_t>(sizeof qemu));
  ASSERT_GT(qemu, 0);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (int i = 0; i < 500 && ::kill(qemu, 0) == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  // A zombie that nobody has reaped yet is dead enough.
  std::ifstream status("/proc/" + std::to_string(qemu) + "/stat");
  std::string text((std::istreambuf_iterator<char>(status)), {});
  EXPECT_TRUE(text.empty() || text.find(") Z ") != std::string::npos) << text;
  ::close(report[0]);
  ::close(report[1]);
}

}  // namespace
}  // namespace bulkhead::qemu::test
