// The one spelling of an event's JSON, and the hash that commits to it.
//
// data and actor are stored as canonical JSON: keys sorted by their bytes, no spaces, UTF-8. A
// row's leaf is
//
//     SHA-256( 0x00 || envelope || SHA-256(data) )
//
// where envelope is the canonical JSON array
//
//     [seq,at,mono,stream,ver,type,rev,phase,op,cause,root,actor]
//
// with null for an absent op or cause and phase as its number. 0x00 is RFC 6962's mark of a leaf,
// so that the leaves can become a Merkle tree; data is hashed on its own, so that an archive can
// drop a payload and still prove the rest.
//
// Secrets must not enter, because nothing ever leaves. Keys that name one (password, token ...) are
// refused wherever they stand, except inside maps whose keys are the user's own (labels,
// annotations) and in OCI image configs.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "model/event.hpp"

namespace bulkhead::store {

using model::Json;

inline constexpr std::size_t kMaxBody = 4u << 20;  // bytes of data or actor
inline constexpr int kMaxDepth = 64;

using Leaf = std::array<uint8_t, 32>;

// The text to store for an object, or why it must not be stored. `body` is replaced by what a
// reader will get if the text can't say it exactly (invalid UTF-8), so that memory and disk never
// differ.
Result<std::string> canonical_text(Json& body);

Leaf leaf_hash(const model::Event& event, std::string_view actor, std::string_view data);

}  // namespace bulkhead::store
