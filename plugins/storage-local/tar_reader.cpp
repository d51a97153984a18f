#include "tar_reader.hpp"

#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <clocale>

#include <string_view>

#include "posix_acl.hpp"

namespace bulkhead::storage {
namespace {

// libarchive turns the UTF-8 names of pax headers into the thread's charset. In UTF-8 that is no
// conversion at all; in the C locale a service runs in, it would replace every letter beyond ASCII.
class Utf8Thread {
 public:
  Utf8Thread() : former_(::uselocale(utf8())) {}
  Utf8Thread(const Utf8Thread&) = delete;
  Utf8Thread& operator=(const Utf8Thread&) = delete;
  ~Utf8Thread() { ::uselocale(former_); }

 private:
  static locale_t utf8() {
    static const locale_t locale = [] {
      const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
      return made != nullptr ? made : ::newlocale(LC_CTYPE_MASK, "en_US.UTF-8", nullptr);
    }();
    return locale;  // null leaves the thread as it is
  }
  locale_t former_;
};

std::string text_or_empty(const char* text) {
  return text != nullptr ? text : "";
}

MemberKind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return MemberKind::kHardLink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return MemberKind::kFile;
    case AE_IFDIR:
      return MemberKind::kDirectory;
    case AE_IFLNK:
      return MemberKind::kSymlink;
    case AE_IFCHR:
      return MemberKind::kCharacterDevice;
    case AE_IFBLK:
      return MemberKind::kBlockDevice;
    case AE_IFIFO:
      return MemberKind::kFifo;
    default:
      return MemberKind::kUnknown;
  }
}

// What an image's attributes mean outside the system that built it: the owner's own, and
// capabilities. SELinux labels belong to the building host, trusted.* to its overlay mounts (in the
// guest they could redirect ours).
bool kept_attribute(std::string_view name) {
  return name.starts_with("user.") || name == "security.capability";
}

std::vector<Attribute> attributes_of(archive_entry* entry) {
  std::vector<Attribute> attributes;
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (name == nullptr || !kept_attribute(name)) continue;
    // libarchive writes each in two dialects, and reads both.
    const auto same = [name](const Attribute& other) { return other.name == name; };
    std::erase_if(attributes, same);
    attributes.push_back({name, std::string(static_cast<const char*>(value), size)});
  }
  constexpr std::pair<int, const char*> kLists[] = {
      {ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access"},
      {ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default"},
  };
  for (const auto& [type, attribute] : kLists) {
    std::string acl = posix_acl_value(entry, type);
    if (!acl.empty()) attributes.push_back({attribute, std::move(acl)});
  }
  return attributes;
}

}  // namespace

const char* kind_name(MemberKind kind) {
  switch (kind) {
    case MemberKind::kFile:
      return "a file";
    case MemberKind::kDirectory:
      return "a folder";
    case MemberKind::kSymlink:
      return "a symbolic link";
    case MemberKind::kHardLink:
      return "a hard link";
    case MemberKind::kCharacterDevice:
      return "a character device";
    case MemberKind::kBlockDevice:
      return "a block device";
    case MemberKind::kFifo:
      return "a named pipe";
    case MemberKind::kUnknown:
      break;
  }
  return "of an unknown kind";
}

Status TarReader::open() {
  const Utf8Thread utf8;
  archive_read_support_format_tar(handle_.get());
  archive_read_support_format_empty(handle_.get());
  return handle_.open();
}

void TarReader::read_member(archive_entry* entry) {
  member_.name = text_or_empty(archive_entry_pathname(entry));
  member_.kind = kind_of(entry);
  member_.target =
      text_or_empty(member_.kind == MemberKind::kHardLink ? archive_entry_hardlink(entry)
                                                          : archive_entry_symlink(entry));
  member_.size = archive_entry_size(entry);
  member_.permissions = archive_entry_mode(entry) & 07777;
  member_.uid = archive_entry_uid(entry);
  member_.gid = archive_entry_gid(entry);
  member_.mtime = archive_entry_mtime(entry);
  member_.mtime_nanoseconds = static_cast<uint32_t>(archive_entry_mtime_nsec(entry));
  member_.device_major = static_cast<uint32_t>(archive_entry_rdevmajor(entry));
  member_.device_minor = static_cast<uint32_t>(archive_entry_rdevminor(entry));
  member_.attributes = attributes_of(entry);
}

Result<const Member*> TarReader::next() {
  const Utf8Thread utf8;
  archive_entry* entry = nullptr;
  const int got = archive_read_next_header(handle_.get(), &entry);
  if (got == ARCHIVE_EOF) return nullptr;
  // A warning means that a name wasn't UTF-8 and was taken as it is, which is right.
  if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return fail(handle_.error());
  read_member(entry);
  return &member_;
}

Result<std::optional<TarReader::Piece>> TarReader::next_piece() {
  const void* block = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  for (;;) {
    const int got = archive_read_data_block(handle_.get(), &block, &size, &offset);
    if (got == ARCHIVE_EOF) return std::nullopt;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return fail(handle_.error());
    if (size > 0)
      return Piece{static_cast<uint64_t>(offset),
                   Bytes(static_cast<const std::byte*>(block), size)};
  }
}

}  // namespace bulkhead::storage
