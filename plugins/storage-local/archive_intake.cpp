#include "archive_intake.hpp"

#include <sys/stat.h>

#include "bomb_guard.hpp"
#include "bulkhead/printable.hpp"
#include "decoded_source.hpp"
#include "member_name.hpp"
#include "prefetch.hpp"

namespace bulkhead::storage {
namespace {

constexpr int kMostHops = 8;
constexpr std::string_view kBlobs = "blobs/sha256/";

// The content of the reader's current member.
class MemberContent : public ByteSource {
 public:
  explicit MemberContent(TarReader& reader) : reader_(reader) {}
  Result<Bytes> next() override {
    Result<std::optional<TarReader::Piece>> piece = reader_.next_piece();
    if (!piece) return tl::unexpected(std::move(piece.error()));
    if (!*piece) return Bytes{};
    if ((*piece)->offset != position_)
      return fail(Code::kCorrupt, "it is a sparse file, which no image archive has");
    position_ += (*piece)->bytes.size();
    return (*piece)->bytes;
  }

 private:
  TarReader& reader_;
  uint64_t position_ = 0;
};

class Intake {
 public:
  explicit Intake(Ingest& ingest) : ingest_(ingest) {}

  Status take(TarReader& reader, const Member& member) {
    const Result<Components> name = split_member_name(member.name);
    if (!name) return tl::unexpected(name.error());
    switch (member.kind) {
      case MemberKind::kDirectory:
        return {};
      case MemberKind::kFile:
        return take_file(reader, joined(*name));
      case MemberKind::kSymlink:
        return take_link(*name, member.target, resolve_link(*name, member.target));
      case MemberKind::kHardLink:
        return take_link(*name, member.target, split_member_name(member.target));
      default:
        return fail(Code::kCorrupt, std::string("it is ") + kind_name(member.kind) +
                                        ", which no image archive needs");
    }
  }

  ArchiveContents contents;

 private:
  Status take_file(TarReader& reader, const std::string& name) {
    std::optional<Digest> expected;
    if (name.starts_with(kBlobs)) {
      Result<Digest> digest = Digest::from_hex(std::string_view(name).substr(kBlobs.size()));
      if (!digest) return tl::unexpected(std::move(digest.error()));
      expected = std::move(*digest);
    }
    MemberContent content(reader);
    Result<Received> received = ingest_.receive(content, expected);
    if (!received) return tl::unexpected(std::move(received.error()));
    contents.links.erase(name);
    contents.files.insert_or_assign(name, std::move(*received));
    return {};
  }

  Status take_link(const Components& name, const std::string& target,
                   const Result<Components>& resolved) {
    if (target.starts_with('/'))
      return fail(Code::kCorrupt, "it links out of the archive, to " + in_quotes(target));
    if (!resolved)
      return fail(Error(resolved.error()).context("it is a link to " + in_quotes(target)));
    contents.files.erase(joined(name));
    contents.links[joined(name)] = joined(*resolved);
    return {};
  }

  Ingest& ingest_;
};

uint64_t size_if_known(int fd) {
  struct stat st {};
  return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? static_cast<uint64_t>(st.st_size) : 0;
}

}  // namespace

const Received* ArchiveContents::find(std::string_view name) const {
  const Result<Components> parts = split_member_name(name);
  if (!parts) return nullptr;
  std::string at = joined(*parts);
  for (int hops = 0; hops < kMostHops; ++hops) {
    if (const auto file = files.find(at); file != files.end()) return &file->second;
    const auto link = links.find(at);
    if (link == links.end()) return nullptr;
    at = link->second;
  }
  return nullptr;
}

Result<ArchiveContents> take_archive(int fd, Ingest& ingest, const IntakeOptions& options,
                                     const Limits& limits, const Task& task) {
  FdSource encoded(fd, task);
  DecodedSource decoded(encoded);
  if (Status opened = decoded.open(); !opened) return tl::unexpected(std::move(opened.error()));
  BombGuard guarded(decoded, encoded, limits);
  Prefetch ahead(guarded);
  TarReader reader(ahead);
  if (Status opened = reader.open(); !opened) return tl::unexpected(std::move(opened.error()));
  Intake intake(ingest);
  const uint64_t total = size_if_known(fd);
  uint64_t names = 0;
  for (uint64_t members = 0;; ++members) {
    Result<const Member*> member = reader.next();
    if (!member) return tl::unexpected(std::move(member.error()));
    if (*member == nullptr) return std::move(intake.contents);
    if (members >= limits.archive_members) {
      return fail(Code::kCorrupt,
                  "it has more than " + std::to_string(limits.archive_members) + " members");
    }
    names += (*member)->name.size() + (*member)->target.size();
    if (names > limits.archive_names) {
      return fail(Code::kCorrupt, "its members' names have more than " +
                                      std::to_string(limits.archive_names >> 20) + " MiB");
    }
    task.progress(encoded.consumed(), total, "reading");
    if (Status taken = intake.take(reader, **member); !taken) {
      Error error = std::move(taken.error()).context("member " + in_quotes((*member)->name));
      if (!options.skip_refused || error.code != Code::kCorrupt) return fail(std::move(error));
      intake.contents.skipped.push_back(std::move(error.message));
    }
  }
}

}  // namespace bulkhead::storage
