// The JSON bodies of guest/PROTOCOL.md, built from what the daemon ordered.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "requests.hpp"

namespace bulkhead::qemu {

// Body of POST /v1/container. `time_us` is the host's clock as close to sending as can be: it
// becomes the guest's. A clone's guest has to give its devices their drivers first.
Json container_body(const CreateRequest& request, int64_t time_us, std::string_view entropy,
                    bool cloned = false);

// What carries a share: "9p" or "virtiofs".
const char* transport_of(const Share& share);
// Where METHODS.md's Guest mounts the share of that tag.
Json destinations_of(const std::string& tag, const Json& guest);

// The beginning of a process request's body: length and JSON. Standard input follows.
std::string process_head(const ProcessRequest& request);

// A guest's error body as our error: its code if it is one that a guest may claim, its message
// without control bytes and of a bearable length, since it ends on the user's terminal.
Error guest_error(int status, std::string_view body);

std::string base64(std::span<const uint8_t> bytes);

}  // namespace bulkhead::qemu
