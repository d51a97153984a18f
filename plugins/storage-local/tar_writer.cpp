#include "tar_writer.hpp"

#include <archive_entry.h>

#include <cerrno>
#include <new>

#include "byte_source.hpp"

namespace bulkhead::storage {

TarWriter::TarWriter(int fd, const Task& task)
    : task_(task), sink_(fd, task), handle_(archive_write_new()) {
  if (!handle_) throw std::bad_alloc();
}

la_ssize_t TarWriter::write(archive* handle, void* self, const void* bytes, size_t size) {
  auto& me = *static_cast<TarWriter*>(self);
  Status done = me.sink_.write({static_cast<const std::byte*>(bytes), size});
  if (!done) {
    me.write_error_ = std::move(done.error());
    archive_set_error(handle, EIO, "write");
    return -1;
  }
  me.written_ += size;
  return static_cast<la_ssize_t>(size);
}

Error TarWriter::error() const {
  if (write_error_) return *write_error_;
  const char* text = archive_error_string(handle_.get());
  return Error{Code::kInternal,
               std::string("write the archive: ") + (text != nullptr ? text : "unknown"),
               {}};
}

Status TarWriter::open() {
  archive_write_set_format_pax_restricted(handle_.get());
  archive_write_set_bytes_in_last_block(handle_.get(), 1);  // no padding beyond the two blocks
  if (archive_write_open(handle_.get(), this, nullptr, write, nullptr) != ARCHIVE_OK)
    return fail(error());
  return {};
}

Status TarWriter::begin_member(const std::string& name, uint64_t size) {
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                            archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (archive_write_header(handle_.get(), entry.get()) != ARCHIVE_OK) return fail(error());
  return {};
}

Status TarWriter::append(Bytes bytes) {
  const la_ssize_t n = archive_write_data(handle_.get(), bytes.data(), bytes.size());
  if (n == static_cast<la_ssize_t>(bytes.size())) return {};
  return fail(error());
}

Status TarWriter::add(const std::string& name, std::string_view content) {
  if (Status begun = begin_member(name, content.size()); !begun) return begun;
  return append(bytes_of(content));
}

Status TarWriter::add_file(const std::string& name, const Path& path) {
  Result<UniqueFd> fd = open_for_reading(path);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  if (Status begun = begin_member(name, size_of_file(path)); !begun) return begun;
  FdSource source(fd->get(), task_);
  for (;;) {
    Result<Bytes> bytes = source.next();
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    if (bytes->empty()) return {};
    if (Status appended = append(*bytes); !appended) return appended;
  }
}

Status TarWriter::close() {
  if (archive_write_close(handle_.get()) != ARCHIVE_OK) return fail(error());
  return {};
}

}  // namespace bulkhead::storage
