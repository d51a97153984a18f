#include "runtime_fixture.hpp"

namespace bulkhead::qemu::test {
namespace {

using testing::HasSubstr;

using BootTest = RuntimeTest;

TEST_F(BootTest, AnswersWhenTheGuestIsReady) {
  const auto created = call("create", create_body());
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_GT((*created)["pid"], 0);
  EXPECT_EQ((*created)["accelerator"], "tcg");
  EXPECT_EQ((*created)["guestVersion"], "fake");
  EXPECT_LE((*created)["timing"]["agentUs"], (*created)["timing"]["readyUs"]);
}

TEST_F(BootTest, SaysWhatTheConsoleSaidLastWhenTheDeadlinePasses) {
  const auto created =
      call("create", create_body({"fake.silent", "fake.console=Kernel-panic:no-root"}, "tcg", 300));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::kTimeout);
  EXPECT_THAT(created.error().message, HasSubstr("the VM of web did not boot within 300 ms"));
  EXPECT_THAT(created.error().message, HasSubstr("Kernel-panic:no-root"));
  EXPECT_EQ(count_children(), 0u);
  EXPECT_THAT(file_text(dir / "boot.log"), HasSubstr("Kernel-panic:no-root"));
}

TEST_F(BootTest, PassesOnWhatQemuComplainedAbout) {
  const auto created = call("create", create_body({"fake.exit=could-not-load-kernel"}));
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("could-not-load-kernel"));
  EXPECT_EQ(count_children(), 0u);
}

TEST_F(BootTest, NamesAQemuThatIsNotThere) {
  start_plugin("/nonexistent/qemu");
  const auto created = call("create", create_body());
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("/nonexistent/qemu"));
}

TEST_F(BootTest, GivesUpOnAGuestThatSpeaksSomethingElse) {
  const auto created = call("create", create_body({"fake.garbage"}));
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("broke HTTP/2"));
  EXPECT_EQ(count_children(), 0u);
}

TEST_F(BootTest, PassesOnWhyTheGuestCouldNotBeConfigured) {
  const auto created = call("create", create_body({"fake.refuse"}));
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("bad superblock"));
  EXPECT_EQ(count_children(), 0u);
}

TEST_F(BootTest, FallsBackToEmulationWhenKvmDoesNotBoot) {
  const auto created = call("create", create_body({"fake.kvm-fails"}, "kvm"));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["accelerator"], "tcg");
  EXPECT_THAT(host.log(), HasSubstr("without KVM"));
}

TEST_F(BootTest, IsTheSameCreateForTheSameOperation) {
  const auto body = create_body();
  plugin::Reply first(host.host().raw(), 1000), second(host.host().raw(), 1000),
      other(host.host().raw(), 1001);
  plugin::Request request{"runtime.create", body, {}};
  ASSERT_TRUE(plugin->submit(request, first));
  const auto created = host.wait(1000);
  ASSERT_TRUE(created);
  request = {"runtime.create", body, {}};
  ASSERT_TRUE(plugin->submit(request, second));
  request = {"runtime.create", body, {}};
  ASSERT_TRUE(plugin->submit(request, other));
  const auto refused = host.wait(1001);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(count_children(), 1u);
}

TEST_F(BootTest, CanBeCalledOff) {
  const bh_op op = host.submit(*plugin, "runtime.create", create_body({"fake.silent"}));
  plugin->cancel(op);
  const auto created = host.wait(op);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::kUnavailable);
  EXPECT_EQ(count_children(), 0u);
}

TEST_F(BootTest, DoesNotTryEmulationAfterBeingCalledOff) {
  const bh_op op = host.submit(*plugin, "runtime.create", create_body({"fake.silent"}, "kvm"));
  plugin->cancel(op);
  ASSERT_FALSE(host.wait(op));
  EXPECT_THAT(host.log(), testing::Not(HasSubstr("without KVM")));
}

TEST_F(BootTest, EndsWithThePluginInTheMiddleOfABoot) {
  const bh_op op = host.submit(*plugin, "runtime.create", create_body({"fake.silent"}));
  plugin->stop();
  EXPECT_TRUE(host.completed(op));
  EXPECT_EQ(count_children(), 0u);
}

TEST_F(BootTest, AppendsTheConsoleToTheBootLogAcrossStarts) {
  (void)call("create", create_body({"fake.exit=x", "fake.console=never"}));
  start_plugin(FAKE_QEMU);
  create({"fake.console=one"});
  start_plugin(FAKE_QEMU);
  create({"fake.console=two"});
  plugin->stop();
  EXPECT_EQ(file_text(dir / "boot.log"), "one\r\ntwo\r\n");
}

TEST_F(BootTest, KnowsItsStatesWhenAsked) {
  EXPECT_EQ(call("inspect").error().code, Code::kNotFound);
  create();
  EXPECT_EQ((*call("inspect"))["state"], "created");
  ASSERT_TRUE(call("start", process_body({"exit", "4"})));
  ASSERT_TRUE(host.event("vm.stopped"));
  const auto after = call("inspect");
  EXPECT_EQ((*after)["state"], "exited");
  EXPECT_EQ((*after)["exit"]["exitCode"], 4);
}

TEST_F(BootTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(call("teleport").error().code, Code::kUnsupported);
  EXPECT_EQ(call("create", {{"machine", 7}}).error().code, Code::kInvalid);
}

TEST_F(BootTest, ProbesWithAVerdictWhateverTheMachineHas) {
  const auto verdict = call("probe", {{"kernel", "/k"}, {"initramfs", "/i"}, {"deadlineMs", 5000}});
  ASSERT_TRUE(verdict);
  // The fake boots at once, so only a device that can't be opened is a reason to say no.
  EXPECT_EQ((*verdict)["usable"], ::access("/dev/kvm", R_OK | W_OK) == 0) << *verdict;
  EXPECT_FALSE((*verdict)["reason"].get<std::string>().empty());
}

TEST(RuntimeConfig, SaysWhatIsWrongWithIt) {
  TestHost host;
  RuntimePlugin plugin(host.host());
  const auto started =
      plugin.start({{"container", "web"}, {"runDir", "/x"}, {"logDir", "/nonexistent"}});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("/nonexistent"));
}

}  // namespace
}  // namespace bulkhead::qemu::test
