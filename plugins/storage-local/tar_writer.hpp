// A tar archive written to a descriptor, perhaps a pipe. Every member is a plain file of root's
// from 1970, so that equal contents give equal archives; the end is two blocks of zeros.
#pragma once

#include <archive.h>

#include <memory>
#include <optional>
#include <string>

#include "bulkhead/result.hpp"
#include "byte_sink.hpp"
#include "digest.hpp"
#include "file_io.hpp"
#include "task.hpp"

namespace bulkhead::storage {

class TarWriter {
 public:
  TarWriter(int fd, const Task& task);

  Status open();
  Status add(const std::string& name, std::string_view content);
  Status add_file(const std::string& name, const Path& path);
  Status close();
  uint64_t written() const { return written_; }

 private:
  struct Free {
    void operator()(archive* handle) const { archive_write_free(handle); }
  };
  static la_ssize_t write(archive* handle, void* self, const void* bytes, size_t size);
  Status begin_member(const std::string& name, uint64_t size);
  Status append(Bytes bytes);
  Error error() const;

  const Task& task_;
  FdSink sink_;
  uint64_t written_ = 0;
  std::optional<Error> write_error_;
  std::unique_ptr<archive, Free> handle_;  // last: freeing it may still write
};

}  // namespace bulkhead::storage
