// A Unix socket that this host listens on for a program of the container (--publish-socket).
//
// It is there as long as this object: made with the folders above it, 0600 unless a mode was asked
// for, and removed with it, if what stands at its path is still this one. A socket that nobody
// listens on any more is replaced; one that somebody does, or any other file, is in the way.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "core/loop/listener.hpp"

namespace bulkhead::qemu {

class PublishedSocket {
 public:
  static Result<std::unique_ptr<PublishedSocket>> create(const std::string& path,
                                                         std::optional<uint32_t> mode);
  ~PublishedSocket();
  PublishedSocket(const PublishedSocket&) = delete;
  PublishedSocket& operator=(const PublishedSocket&) = delete;

  // Whoever connected before, or while nobody accepts, waits in the kernel's queue.
  void accept(loop::Loop& loop, std::function<void(UniqueFd)> accepted);
  void pause() { listener_.reset(); }  // also from within `accepted`
  bool accepting() const { return listener_ != nullptr; }

 private:
  PublishedSocket(std::string path, UniqueFd fd);

  std::string path_;
  UniqueFd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::unique_ptr<loop::Listener> listener_;
};

}  // namespace bulkhead::qemu
