// A tar archive, member by member: ustar, pax and GNU, by libarchive. What comes out is as the
// archive says it and has been judged by nobody yet; names are the raw bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive_handle.hpp"
#include "byte_source.hpp"

namespace bulkhead::storage {

enum class MemberKind {
  kFile,
  kDirectory,
  kSymlink,
  kHardLink,
  kCharacterDevice,
  kBlockDevice,
  kFifo,
  kUnknown
};

struct Attribute {
  std::string name;  // "user.x", "security.capability", "system.posix_acl_access"
  std::string value;
};

struct Member {
  std::string name;
  MemberKind kind = MemberKind::kUnknown;
  std::string target;  // of a symbolic or hard link
  int64_t size = 0;
  uint32_t permissions = 0;  // with set-user-id, set-group-id and sticky bits
  int64_t uid = 0, gid = 0;
  int64_t mtime = 0;
  uint32_t mtime_nanoseconds = 0;
  uint32_t device_major = 0, device_minor = 0;
  std::vector<Attribute> attributes;
};

const char* kind_name(MemberKind kind);

class TarReader {
 public:
  explicit TarReader(ByteSource& source) : handle_(source) {}

  Status open();
  // The next member; null at the end. Valid until the next call; its content is skipped if it
  // wasn't read.
  Result<const Member*> next();

  struct Piece {
    uint64_t offset;  // gaps between pieces are holes
    Bytes bytes;
  };
  // The next piece of the member's content; nothing at its end.
  Result<std::optional<Piece>> next_piece();

 private:
  void read_member(archive_entry* entry);

  ArchiveHandle handle_;
  Member member_;
};

}  // namespace bulkhead::storage
