// The frames of a process' response body (guest/PROTOCOL.md): type, three zeros, length, bytes.
//
// Output is handed on as it arrives, never gathered into a frame: a guest may announce four
// gigabytes and send them a byte at a time, and it costs eight bytes here. The sdk's
// StreamFrameDecoder, which gathers, is for the client's side.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "bulkhead/log_record.hpp"
#include "bulkhead/result.hpp"

namespace bulkhead::qemu {

class GuestOutput {
 public:
  using Piece = std::function<void(LogStream stream, std::string_view bytes)>;

  explicit GuestOutput(Piece piece) : piece_(std::move(piece)) {}

  // Fails on a type that isn't stdout's or stderr's, and then for ever.
  Status feed(std::span<const uint8_t> bytes);
  // False if the body ended in the middle of a frame.
  bool at_boundary() const { return header_bytes_ == 0 && remaining_ == 0; }

 private:
  Status take_header();

  Piece piece_;
  uint8_t header_[8] = {};
  size_t header_bytes_ = 0;  // of the header being received
  uint32_t remaining_ = 0;   // of the body being received
  LogStream stream_ = LogStream::kStdout;
  bool broken_ = false;
};

}  // namespace bulkhead::qemu
