#include "sandbox.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "lane.hpp"

namespace bulkhead::storage {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "storage-test-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TempDir::~TempDir() {
  std::filesystem::remove_all(path_);
}

Outcome run_command(const std::string& command) {
  Outcome outcome{-1, {}};
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> chunk;
  while (const size_t n = std::fread(chunk.data(), 1, chunk.size(), pipe))
    outcome.output.append(chunk.data(), n);
  outcome.status = ::pclose(pipe);
  return outcome;
}

UniqueFd file_with(const std::string& bytes) {
  UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), bytes_of(bytes), "memfd"));
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

UniqueFd pipe_with(const std::string& bytes) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  std::thread([bytes, out = ends[1]] {
    block_sigpipe();  // not everything is read
    const UniqueFd closes(out);
    for (size_t at = 0; at < bytes.size(); at += 1000) {
      if (!write_all(out, bytes_of(std::string_view(bytes).substr(at, 1000)), "pipe")) return;
    }
  }).detach();
  // A client's pipe may be in any mode.
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return UniqueFd(ends[0]);
}

Sandbox::Sandbox(const Limits& limits)
    : store_(
          std::make_unique<Store>(dir_.path() / "store", Platform{"linux", "amd64", ""}, limits)) {
  EXPECT_TRUE(store_->layout.initialize());
}

void Sandbox::restart() {
  store_ = std::make_unique<Store>(root(), store_->host, store_->limits);
  EXPECT_TRUE(store_->layout.initialize());
}

Result<Json> Sandbox::call(const std::string& method, const Json& body, UniqueFd fd) {
  const Method* found = find_method(method);
  if (found == nullptr) return fail(Code::kUnsupported, "no method " + method);
  std::vector<UniqueFd> fds;
  if (fd) fds.push_back(std::move(fd));
  answer_fds.clear();
  return found->run(*store_, {body, fds, task_, answer_fds});
}

Result<Json> Sandbox::load(const std::string& archive, const std::string& label, bool force) {
  return call("storage.load", {{"label", label}, {"force", force}}, file_with(archive));
}

std::vector<std::string> Sandbox::leftovers() const {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path())) {
    const std::string name = std::filesystem::relative(entry.path(), root()).string();
    if (entry.is_directory() || name == "images/oci-layout") continue;
    if (name == "images/index.json" &&
        parse_json(*read_small_file(entry.path(), kMiB))->at("manifests").empty())
      continue;
    files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Sandbox::check_disk(const Path& disk) {
  const Outcome outcome =
      run_command("PATH=$PATH:/usr/sbin:/sbin e2fsck -fn '" + disk.string() + "'");
  return outcome.status == 0 ? std::string() : outcome.output;
}

std::string Sandbox::debugfs(const Path& disk, const std::string& request) {
  // Its greeting goes to standard error.
  return run_command("(PATH=$PATH:/usr/sbin:/sbin debugfs -R '" + request + "' '" + disk.string() +
                     "' 2>/dev/null)")
      .output;
}

}  // namespace bulkhead::storage
