#include "guest/core/command_path.hpp"

#include <gmock/gmock.h>

namespace bulkhead::guest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CommandPath, SlashMeansAPath) {
  EXPECT_THAT(command_candidates("./run", {"PATH=/bin"}), ElementsAre("./run"));
  EXPECT_THAT(command_candidates("/bin/sh", {}), ElementsAre("/bin/sh"));
}

TEST(CommandPath, PathIsTriedInOrder) {
  EXPECT_THAT(command_candidates("ls", {"HOME=/", "PATH=/a:/b"}), ElementsAre("/a/ls", "/b/ls"));
}

TEST(CommandPath, EmptyElementIsTheWorkingDirectory) {
  EXPECT_THAT(command_candidates("ls", {"PATH=:/b:"}), ElementsAre("./ls", "/b/ls", "./ls"));
}

TEST(CommandPath, WithoutPathTheDefaultHolds) {
  EXPECT_THAT(command_candidates("ls", {"PATHS=/a"}),
              ElementsAre("/usr/local/sbin/ls", "/usr/local/bin/ls", "/usr/sbin/ls", "/usr/bin/ls",
                          "/sbin/ls", "/bin/ls"));
}

TEST(CommandPath, NothingIsNoCommand) {
  EXPECT_THAT(command_candidates("", {}), IsEmpty());
}

TEST(CommandPath, FirstOfSeveralVariablesCounts) {
  EXPECT_STREQ(find_variable({"A=1", "B=2", "B=3"}, "B"), "2");
  EXPECT_STREQ(find_variable({"B="}, "B"), "");
  EXPECT_EQ(find_variable({"BB=1", "B"}, "B"), nullptr);
}

}  // namespace
}  // namespace bulkhead::guest
