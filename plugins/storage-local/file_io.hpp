// The few things done to files here, each as a Result that names the file. A file that others may
// see is written beside its name, synced, and renamed over it, so that a crash leaves the old one
// or the new one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "digest.hpp"

namespace bulkhead::storage {

using Path = std::filesystem::path;

Result<UniqueFd> open_for_reading(const Path& path);
Result<UniqueFd> create_file(const Path& path);  // read-write, mode 0600; an old one is replaced

Status write_all(int fd, Bytes bytes, std::string_view what);  // waits if fd is a full pipe
Status write_at(int fd, Bytes bytes, uint64_t offset, std::string_view what);
Status sync_file(int fd, std::string_view what);
Status sync_directory(const Path& directory);

Result<std::string> read_small_file(const Path& path, uint64_t limit);
Status replace_file(const Path& path, std::string_view content);

Status make_directories(const Path& path);
Status rename_file(const Path& from, const Path& to);
uint64_t remove_tree(const Path& path);  // allocated bytes that went; missing is fine

uint64_t size_of_file(const Path& path);     // 0 if missing
uint64_t allocated_bytes(const Path& path);  // of a file or everything in a folder; 0 if missing

// Fails with kNoSpace if the file system of fd would have less than `reserve` bytes left after
// `needed` more.
Status check_free_space(int fd, uint64_t reserve, std::string_view what, uint64_t needed = 0);

}  // namespace bulkhead::storage
