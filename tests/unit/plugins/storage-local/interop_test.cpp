// With skopeo and umoci: what they write is loaded, what is stored and saved they read, and the
// trees are the same.
#include <gtest/gtest.h>

#include "archives.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class Interop : public testing::Test {
 protected:
  // Two layers with everything that layers have.
  std::vector<std::string> layers() const {
    return {Tar()
                .directory("etc")
                .file("etc/motd", "hello")
                .file("etc/gone", "x")
                .directory("old")
                .file("old/a", "a")
                .file("old/b", "b")
                .symlink("link", "etc/motd")
                .hard_link("hard", "etc/motd")
                .file("bin/tool", std::string(50'000, 't'), {.mode = 04755})
                .bytes(),
            Tar()
                .file("etc/.wh.gone")
                .directory("old")
                .file("old/.wh..wh..opq")
                .file("old/c", "c")
                .file("etc/motd", "changed")
                .bytes()};
  }
  void shell(const std::string& command) {
    const Outcome outcome = run_command("cd '" + dir.path().string() + "' && " + command);
    ASSERT_EQ(outcome.status, 0) << command << "\n" << outcome.output;
  }
  void write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(replace_file(dir.path() / name, bytes));
  }
  std::string images() const { return (box.root() / "images").string(); }

  Sandbox box;
  TempDir dir;
};

TEST_F(Interop, SkopeoReadsTheStore) {
  ASSERT_TRUE(box.load(simple_archive(layers(), "web:1", Packing::kGzip)));
  shell("skopeo copy 'oci:" + images() + ":docker.io/library/web:1' dir:copied");
  shell("skopeo inspect 'oci:" + images() +
        ":docker.io/library/web:1' | grep -q '\"Architecture\": \"amd64\"'");
}

TEST_F(Interop, LoadsWhatSkopeoWrites) {
  write("in.tar", simple_archive(layers(), "web:1", Packing::kGzip));
  shell("skopeo copy oci-archive:in.tar:web:1 docker-archive:docker.tar:shop:2");
  shell("skopeo copy oci-archive:in.tar:web:1 oci-archive:oci.tar:cart:3");
  for (const char* name : {"docker.tar", "oci.tar"}) {
    const auto loaded = box.load(*read_small_file(dir.path() / name, kGiB), name);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ((*loaded)["images"][0]["reference"],
              name[0] == 'd' ? "docker.io/library/shop:2" : "docker.io/library/cart:3");
  }
}

TEST_F(Interop, SkopeoReadsWhatIsSaved) {
  const auto loaded = box.load(simple_archive(layers(), "web:1", Packing::kGzip));
  const Json images = Json::array({{{"reference", "docker.io/library/web:1"},
                                    {"digest", (*loaded)["images"][0]["descriptor"]["digest"]}}});
  ASSERT_TRUE(box.call("storage.save", {{"images", images}}, *create_file(dir.path() / "out.tar")));
  shell("skopeo copy oci-archive:out.tar dir:a");
  shell("skopeo copy docker-archive:out.tar:web:1 dir:b");
}

// umoci without root can't give files away; this test's files are root's, and it compares all but
// owners.
TEST_F(Interop, UnpacksToTheTreeThatUmociMakes) {
  const auto loaded = box.load(simple_archive(layers(), "web:1", Packing::kGzip));
  ASSERT_TRUE(loaded);
  const auto prepared =
      box.call("storage.prepare",
               {{"digest", (*loaded)["images"][0]["descriptor"]["digest"]}, {"platform", kAmd64}});
  shell("skopeo copy 'oci:" + images() + ":docker.io/library/web:1' oci:layout:web");
  shell("umoci unpack --rootless --image layout:web bundle");
  shell("mkdir ours && PATH=$PATH:/usr/sbin debugfs -R 'rdump / ours' '" +
        (*prepared)["disk"].get<std::string>() + "'");
  shell("diff -r --no-dereference ours bundle/rootfs");
  shell("cd ours && find . -type f -printf '%P %m %s %Ts\\n' | sort > ../ours.txt");
  // debugfs sets the mode before the owner, which takes the setuid bit away again.
  shell(
      "cd bundle/rootfs && find . -type f -printf '%P %m %s %Ts\\n' | sed 's/^bin.tool "
      "4/bin\\/tool /' "
      "| sort > ../../theirs.txt");
  shell("PATH=$PATH:/usr/sbin debugfs -R 'stat /bin/tool' '" +
        (*prepared)["disk"].get<std::string>() + "' | grep -q 'Mode: *04755'");
  shell("diff ours.txt theirs.txt");
}

}  // namespace
}  // namespace bulkhead::storage
