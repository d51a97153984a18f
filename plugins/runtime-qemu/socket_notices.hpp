// What the guest tells on `GET /v1/sockets`: a line of JSON for each connection that a program of
// the container has made to a socket whose listener is on this side (guest/PROTOCOL.md).
//
// The guest is hostile: a line is at most 256 bytes, both numbers are whole and not negative, and
// what isn't such a line fails feed() for good.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead::qemu {

struct SocketNotice {
  uint64_t socket = 0;      // the socket's id
  uint64_t connection = 0;  // by which the guest knows the connection
};

class SocketNotices {
 public:
  explicit SocketNotices(std::function<void(const SocketNotice&)> notice)
      : notice_(std::move(notice)) {}

  Status feed(std::span<const uint8_t> bytes);

 private:
  Status take_line();

  std::function<void(const SocketNotice&)> notice_;
  std::string line_;  // unfinished
  bool broken_ = false;
};

}  // namespace bulkhead::qemu
