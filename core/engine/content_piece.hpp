// A piece of an image as storage.plan and storage.contents list it (METHODS.md):
// {"kind", "content": Descriptor, "what": "layer 2 of 5"}; and the remote that requests of
// registry/1 about it begin with.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace bulkhead::engine {

using Json = nlohmann::json;

std::string digest_of_piece(const Json& piece);
int64_t size_of_piece(const Json& piece);
// The list at `key`; empty if there is none.
const Json& pieces_at(const Json& object, const char* key);

// "reference" and "scheme" of a pull's or push's intent. `local_domain`: names below it are spoken
// to without TLS; may be empty.
Json remote_of(const Json& intent_data, const std::string& local_domain);

}  // namespace bulkhead::engine
