#include "virtiofsd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "qemu_arguments.hpp"

namespace bulkhead::qemu {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kQemus = "/usr/lib/qemu/virtiofsd";
constexpr const char* kNewer = "/usr/libexec/virtiofsd";
constexpr User kRoot{0, 0}, kUser{1000, 100};

Result<std::string> found(User user, const std::set<std::string>& there,
                          const std::string& given = "") {
  return find_virtiofsd(given, "/opt/bin:.:", user,
                        [&there](const std::string& path) { return there.contains(path); });
}

TEST(Virtiofsd, TheNewerOneComesFirst) {
  EXPECT_EQ(*found(kRoot, {kQemus, kNewer}), kNewer);
  EXPECT_EQ(*found(kRoot, {kQemus, kNewer, "/opt/bin/virtiofsd"}), "/opt/bin/virtiofsd");
  EXPECT_EQ(*found(kRoot, {kQemus}), kQemus);
  EXPECT_EQ(*found(kRoot, {kQemus, kNewer}, kQemus), kQemus);
}

TEST(Virtiofsd, QemusOwnServesRootOnly) {
  EXPECT_EQ(*found(kUser, {kQemus, kNewer}), kNewer);
  const auto none = found(kUser, {kQemus});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("only if it runs as root"));
  EXPECT_EQ(found(kRoot, {}).error().code, Code::kUnavailable);
}

TEST(Virtiofsd, APathCannotBecomeAnOption) {
  const Program program = virtiofsd_program(kQemus, {"t", "/a,b\\c,modcaps=+x"}, kRoot);
  EXPECT_THAT(program.arguments, Contains("source=/a\\,b\\\\c\\,modcaps=+x"));
  EXPECT_THAT(virtiofsd_program(kNewer, {"t", "/a,b"}, kRoot).arguments,
              Contains("--shared-dir=/a,b"));
}

TEST(Virtiofsd, AFolderForReadingIsForReadingOnTheHostToo) {
  EXPECT_EQ(virtiofsd_program(kQemus, {"t", "/a", true}, kRoot).read_only_folder, "/a");
  EXPECT_EQ(virtiofsd_program(kQemus, {"t", "/a", false}, kRoot).read_only_folder, "");
  EXPECT_THAT(virtiofsd_program(kNewer, {"t", "/a", true}, kUser).arguments,
              Contains("--readonly"));
  EXPECT_THAT(virtiofsd_program(kNewer, {"t", "/a", false}, kUser).arguments,
              Not(Contains("--readonly")));
}

TEST(Virtiofsd, WithoutRootAllUsersOfTheContainerAreTheCaller) {
  const auto arguments = virtiofsd_program(kNewer, {"t", "/a"}, kUser).arguments;
  EXPECT_THAT(arguments, Contains("--translate-uid=squash-guest:0:1000:4294967295"));
  EXPECT_THAT(arguments, Contains("--translate-gid=squash-guest:0:100:4294967295"));
  EXPECT_THAT(virtiofsd_program(kNewer, {"t", "/a"}, kRoot).arguments,
              Not(Contains(HasSubstr("translate"))));
}

TEST(Virtiofsd, MemoryIsSharedOnlyWithAServer) {
  Machine machine;
  machine.memory_bytes = 256 << 20;
  machine.networks = {{"n", "f2:62:00:00:00:00"}};
  machine.shares = {{"a", "/a"}, {"b", "/b"}};
  const auto line = [&machine] {
    std::string text;
    for (const std::string& word : qemu_arguments(machine, 0)) text += word + " ";
    return text;
  };
  EXPECT_THAT(line(), Not(HasSubstr("share=on")));
  machine.shares[1].virtiofs = true;
  EXPECT_THAT(line(), HasSubstr("memory-backend-memfd,id=ram,share=on,size="));
  EXPECT_THAT(line(), HasSubstr(",memory-backend=ram "));
  EXPECT_THAT(line(), HasSubstr("socket,id=share1,fd=7 ")) << "after the network's";
  EXPECT_THAT(line(), HasSubstr("virtio-9p-device"));
  EXPECT_THAT(line(), HasSubstr("vhost-user-fs-device"));
}

}  // namespace
}  // namespace bulkhead::qemu
