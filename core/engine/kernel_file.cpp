#include "kernel_file.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "sha256.hpp"

namespace bulkhead::engine {
namespace {

constexpr size_t kBlock = 256 * 1024;
constexpr size_t kHead = 4096;
constexpr uint64_t kLargestKernel = uint64_t{1} << 30;

// A file that appears under its name only when keep() is called.
class Incoming {
 public:
  Incoming(const std::string& directory, const std::string& name)
      : final_(directory + "/" + name), temporary_(directory + "/." + name + ".new") {}
  ~Incoming() {
    if (fd_) unlink(temporary_.c_str());
  }

  Status open() {
    fd_.reset(::open(temporary_.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644));
    if (!fd_) return fail_errno("create " + temporary_, errno);
    return {};
  }
  Status write(std::string_view bytes) {
    total_ += bytes.size();
    if (total_ > kLargestKernel) return fail(Code::kInvalid, "the file is larger than any kernel");
    if (head_.size() < kHead) head_ += bytes.substr(0, kHead - head_.size());
    digest_.update(bytes);
    while (!bytes.empty()) {
      ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0) return fail_errno("write " + temporary_, errno);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  }
  const std::string& head() const { return head_; }
  std::string digest() { return digest_.finish(); }
  Result<std::string> keep() {
    if (fsync(fd_.get()) < 0) return fail_errno("write " + temporary_, errno);
    if (rename(temporary_.c_str(), final_.c_str()) < 0)
      return fail_errno("rename to " + final_, errno);
    fd_.reset();
    return final_;
  }

 private:
  std::string final_, temporary_, head_;
  UniqueFd fd_;
  Sha256 digest_;
  uint64_t total_ = 0;
};

Status check(const std::string& actual, const std::string& expected) {
  if (expected.empty() || actual == expected) return {};
  return fail(Code::kCorrupt, "the digest is " + actual + " and not " + expected);
}

Result<KernelFile> accept(Incoming& incoming, const std::string& architecture, std::string digest) {
  std::string why = why_no_kernel(incoming.head(), architecture);
  if (!why.empty()) return fail(Code::kCorrupt, "this is no kernel: " + why);
  auto path = incoming.keep();
  if (!path) return fail(std::move(path.error()));
  return KernelFile{*path, std::move(digest)};
}

struct TarSource {
  int fd;
  Sha256 digest;
  std::vector<char> buffer = std::vector<char>(kBlock);
};

la_ssize_t read_tar(archive*, void* context, const void** out) {
  auto* source = static_cast<TarSource*>(context);
  ssize_t n = ::read(source->fd, source->buffer.data(), source->buffer.size());
  if (n > 0) source->digest.update({source->buffer.data(), static_cast<size_t>(n)});
  *out = source->buffer.data();
  return n;
}

std::string plain_name(const char* name) {
  std::string_view text = name ? name : "";
  while (text.starts_with("./")) text.remove_prefix(2);
  return std::string(text);
}

Result<std::string> member_data(archive* reader, archive_entry* entry, const std::string& member,
                                Incoming& incoming) {
  // A link inside the archive (vmlinux.container -> vmlinux-6.1) is followed by its caller.
  if (archive_entry_symlink(entry))
    return (std::filesystem::path(member).parent_path() / archive_entry_symlink(entry))
        .lexically_normal()
        .string();
  if (archive_entry_hardlink(entry)) return plain_name(archive_entry_hardlink(entry));
  if (archive_entry_filetype(entry) != AE_IFREG)
    return fail(Code::kInvalid, member + " is not a file in the archive");
  std::vector<char> buffer(kBlock);
  for (;;) {
    la_ssize_t n = archive_read_data(reader, buffer.data(), buffer.size());
    if (n < 0) return fail(Code::kCorrupt, "read " + member + ": " + archive_error_string(reader));
    if (n == 0) return std::string();
    if (auto status = incoming.write({buffer.data(), static_cast<size_t>(n)}); !status)
      return fail(std::move(status.error()));
  }
}

struct Extracted {
  bool found = false;
  std::string link;    // the member is a link to this one
  std::string digest;  // of the archive
};

Result<Extracted> extract(int fd, const std::string& member, Incoming& incoming) {
  if (lseek(fd, 0, SEEK_SET) < 0 && errno != ESPIPE) return fail_errno("rewind the archive", errno);
  std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                archive_read_free);
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  TarSource source{fd, {}};
  if (archive_read_open(reader.get(), &source, nullptr, read_tar, nullptr) != ARCHIVE_OK)
    return fail(Code::kCorrupt,
                std::string("this is no archive: ") + archive_error_string(reader.get()));
  Extracted result;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while (!result.found && (status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    if (plain_name(archive_entry_pathname(entry)) != member) continue;
    auto link = member_data(reader.get(), entry, member, incoming);
    if (!link) return fail(std::move(link.error()));
    result = {true, *link, {}};
  }
  if (!result.found && status != ARCHIVE_EOF)
    return fail(Code::kCorrupt,
                std::string("read the archive: ") + archive_error_string(reader.get()));
  const void* rest = nullptr;
  while (read_tar(nullptr, &source, &rest) > 0) continue;  // the digest is of the whole archive
  result.digest = source.digest.finish();
  return result;
}

}  // namespace

std::string why_no_kernel(std::string_view head, std::string_view architecture) {
  auto at = [&](size_t offset, std::string_view magic) {
    return head.size() >= offset + magic.size() && head.substr(offset, magic.size()) == magic;
  };
  if (architecture == "arm64") return at(56, "ARMd") ? "" : "it is not an arm64 Image";
  if (at(0x202, "HdrS")) return "";  // bzImage
  if (!at(0,
          "\x7f"
          "ELF"))
    return "it is neither an ELF file nor a bzImage";
  if (head.size() < 20 || head[4] != 2) return "it is not a 64-bit ELF file";
  if (static_cast<unsigned char>(head[18]) != 62) return "it was built for another processor";
  if (head[16] != 2)
    return "it is an ELF file, but not a fixed-address executable as an uncompressed kernel is";
  return "";
}

Status check_kernel(const std::string& path, const std::string& architecture) {
  // Not blocking: it may be a pipe.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return fail_errno("read the kernel " + path, errno);
  std::array<char, kHead> head;
  ssize_t got = 0;
  do {
    got = ::read(file.get(), head.data(), head.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("read the kernel " + path, errno);
  std::string why = why_no_kernel({head.data(), static_cast<size_t>(got)}, architecture);
  if (!why.empty()) return fail(Code::kCorrupt, path + " is no kernel: " + why);
  return {};
}

Result<KernelFile> install_kernel(const UniqueFd& source, const KernelOrder& order) {
  Incoming incoming(order.directory, order.name);
  if (auto status = incoming.open(); !status) return fail(std::move(status.error()));
  std::vector<char> buffer(kBlock);
  for (;;) {
    ssize_t n = ::read(source.get(), buffer.data(), buffer.size());
    if (n < 0) return fail_errno("read the kernel", errno);
    if (n == 0) break;
    if (auto status = incoming.write({buffer.data(), static_cast<size_t>(n)}); !status)
      return fail(std::move(status.error()));
  }
  std::string digest = incoming.digest();
  if (auto status = check(digest, order.expected); !status) return fail(std::move(status.error()));
  return accept(incoming, order.architecture, digest);
}

Result<KernelFile> install_kernel_from_tar(const UniqueFd& source, const std::string& member,
                                           const KernelOrder& order) {
  std::string wanted = plain_name(member.c_str());
  for (int links = 0; links < 8; ++links) {
    Incoming incoming(order.directory, order.name);
    if (auto status = incoming.open(); !status) return fail(std::move(status.error()));
    auto extracted = extract(source.get(), wanted, incoming);
    if (!extracted) return fail(std::move(extracted.error()));
    if (auto status = check(extracted->digest, order.expected); !status)
      return fail(std::move(status.error()));
    if (!extracted->found) return fail(Code::kNotFound, "the archive has no member " + wanted);
    if (extracted->link.empty()) {
      return accept(incoming, order.architecture, incoming.digest());
    }
    wanted = extracted->link;
  }
  return fail(Code::kInvalid, "links in the archive go round in circles at " + wanted);
}

}  // namespace bulkhead::engine
