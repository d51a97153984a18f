#include "template_files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "sha256.hpp"

namespace bulkhead::engine {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kPiece = 256 * kPage;

Result<UniqueFd> memory_file(const char* name, uint64_t bytes) {
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
    return fail_errno("make a memory file for a template", errno);
  return fd;
}

Status seal(const UniqueFd& fd) {
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return fail_errno("seal a template", errno);
  return {};
}

bool is_zero(std::string_view page) {
  return std::all_of(page.begin(), page.end(), [](char c) { return c == 0; });
}

Status write_at(int fd, std::string_view bytes, off_t at) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd, bytes.data(), bytes.size(), at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("write a template", errno);
    bytes.remove_prefix(static_cast<size_t>(put));
    at += put;
  }
  return {};
}

// Of one piece: the pages that aren't empty, in runs.
Status copy_piece(std::string_view piece, off_t at, int to, Sha256& digest) {
  for (size_t page = 0; page < piece.size();) {
    size_t end = page;
    while (end < piece.size() && !is_zero(piece.substr(end, kPage))) end += kPage;
    end = std::min(end, piece.size());
    if (end > page) {
      const std::string_view run = piece.substr(page, end - page);
      // Each page with its place, however long the run was.
      for (size_t one = page; one < end; one += kPage) {
        digest.update(std::to_string(at + static_cast<off_t>(one)) + ":");
        digest.update(piece.substr(one, std::min(kPage, end - one)));
      }
      if (auto put = write_at(to, run, at + static_cast<off_t>(page)); !put) return put;
      page = end;
    } else {
      page += kPage;
    }
  }
  return {};
}

// Everything of `from` into the empty file `to`; the digest of what was copied.
Result<std::string> copy(int from, int to) {
  struct stat info {};
  if (fstat(from, &info) != 0 || ftruncate(to, info.st_size) != 0)
    return fail_errno("copy a template", errno);
  Sha256 digest;
  digest.update(std::to_string(info.st_size) + ";");
  std::string buffer(kPiece, '\0');
  for (off_t at = 0; at < info.st_size;) {
    const off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    if (data < 0) return fail_errno("read a template", errno);
    at = data / static_cast<off_t>(kPage) * static_cast<off_t>(kPage);
    const off_t hole = lseek(from, data, SEEK_HOLE);
    while (at < hole) {
      const size_t want = std::min<size_t>(buffer.size(), static_cast<size_t>(hole - at));
      size_t have = 0;
      while (have < want) {
        const ssize_t got =
            pread(from, buffer.data() + have, want - have, at + static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno("read a template", errno);
        if (got == 0) return fail(Code::kCorrupt, "a template is shorter than it was");
        have += static_cast<size_t>(got);
      }
      if (auto put = copy_piece(std::string_view(buffer).substr(0, have), at, to, digest); !put)
        return fail(std::move(put.error()));
      at += static_cast<off_t>(have);
    }
  }
  return digest.finish();
}

Result<std::string> copy_to_disk(const UniqueFd& from, const std::string& path, int64_t& bytes) {
  const UniqueFd file(open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) return fail_errno("create " + path, errno);
  auto digest = copy(from.get(), file.get());
  if (!digest) return fail(std::move(digest.error()).context(path));
  struct stat info {};
  if (fdatasync(file.get()) != 0 || fstat(file.get(), &info) != 0)
    return fail_errno("write " + path, errno);
  bytes += info.st_blocks * 512;
  return digest;
}

Result<UniqueFd> load(const char* name, const std::string& path, const std::string& expected) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("open " + path, errno);
  auto memory = memory_file(name, 0);
  if (!memory) return memory;
  auto digest = copy(file.get(), memory->get());
  if (!digest) return fail(std::move(digest.error()).context(path));
  if (*digest != expected) return fail(Code::kCorrupt, path + " isn't what it was");
  if (auto sealed = seal(*memory); !sealed) return fail(std::move(sealed.error()));
  return memory;
}

}  // namespace

Result<TemplateFiles> make_template_files(uint64_t ram_bytes) {
  auto ram = memory_file("template-ram", ram_bytes);
  if (!ram) return fail(std::move(ram.error()));
  auto state = memory_file("template-state", 0);
  if (!state) return fail(std::move(state.error()));
  return TemplateFiles{std::move(*ram), std::move(*state)};
}

Result<StoredTemplate> store_template(const TemplateFiles& files, const std::string& directory) {
  for (const UniqueFd* file : {&files.ram, &files.state}) {
    if (auto sealed = seal(*file); !sealed) return fail(std::move(sealed.error()));
  }
  const std::string incoming = directory + ".new";
  std::error_code error;
  std::filesystem::remove_all(incoming, error);
  std::filesystem::remove_all(directory, error);
  std::filesystem::create_directories(incoming, error);
  if (error) return fail_errno("create " + incoming, error.value());
  StoredTemplate stored;
  auto ram = copy_to_disk(files.ram, incoming + "/ram", stored.bytes);
  auto state = ram ? copy_to_disk(files.state, incoming + "/state", stored.bytes) : ram;
  if (state && rename(incoming.c_str(), directory.c_str()) != 0)
    state = fail_errno("rename to " + directory, errno);
  if (!state) {
    std::filesystem::remove_all(incoming, error);
    return fail(std::move(state.error()));
  }
  stored.ram_digest = std::move(*ram);
  stored.state_digest = std::move(*state);
  return stored;
}

Result<TemplateFiles> load_template(const std::string& directory, const StoredTemplate& expected) {
  auto ram = load("template-ram", directory + "/ram", expected.ram_digest);
  if (!ram) return fail(std::move(ram.error()));
  auto state = load("template-state", directory + "/state", expected.state_digest);
  if (!state) return fail(std::move(state.error()));
  return TemplateFiles{std::move(*ram), std::move(*state)};
}

}  // namespace bulkhead::engine
