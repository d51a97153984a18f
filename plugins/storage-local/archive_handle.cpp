#include "archive_handle.hpp"

#include <cerrno>
#include <new>

#include "bulkhead/printable.hpp"

namespace bulkhead::storage {

ArchiveHandle::ArchiveHandle(ByteSource& source) : source_(source), handle_(archive_read_new()) {
  if (!handle_) throw std::bad_alloc();
}

la_ssize_t ArchiveHandle::read(archive* handle, void* self, const void** block) {
  auto& me = *static_cast<ArchiveHandle*>(self);
  Result<Bytes> bytes = me.source_.next();
  if (!bytes) {
    me.source_error_ = std::move(bytes.error());
    archive_set_error(handle, EIO, "source");
    return -1;
  }
  *block = bytes->data();
  return static_cast<la_ssize_t>(bytes->size());
}

Status ArchiveHandle::open() {
  if (archive_read_open(handle_.get(), this, nullptr, read, nullptr) == ARCHIVE_OK) return {};
  return fail(error());
}

Error ArchiveHandle::error() const {
  if (source_error_) return *source_error_;
  const char* text = archive_error_string(handle_.get());
  return Error{Code::kCorrupt, text != nullptr ? text : "the archive is damaged", {}};
}

}  // namespace bulkhead::storage
