// libarchive's handle with one owner, fed from a ByteSource. An error of the source travels around
// libarchive, which knows only numbers and strings: it is kept here and returned in place of the
// library's.
#pragma once

#include <archive.h>

#include <memory>
#include <optional>
#include <string>

#include "byte_source.hpp"

namespace bulkhead::storage {

class ArchiveHandle {
 public:
  explicit ArchiveHandle(ByteSource& source);
  ArchiveHandle(const ArchiveHandle&) = delete;
  ArchiveHandle& operator=(const ArchiveHandle&) = delete;

  archive* get() const { return handle_.get(); }
  Status open();        // after formats and filters have been chosen
  Error error() const;  // why the last call failed

 private:
  struct Free {
    void operator()(archive* handle) const { archive_read_free(handle); }
  };
  static la_ssize_t read(archive* handle, void* self, const void** block);

  ByteSource& source_;
  std::unique_ptr<archive, Free> handle_;
  std::optional<Error> source_error_;
};

}  // namespace bulkhead::storage
