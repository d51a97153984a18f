// Tests of pulls: an image that is somewhere else, and what its registry and the engine would do.
#pragma once

#include <string>
#include <vector>

#include "archives.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {

class PullTest : public testing::Test {
 protected:
  explicit PullTest(const Limits& limits = {}) : box(limits) {}

  // Puts it among the registry's content; its descriptor.
  Json publish(const Json& document, const char* type) { return remote.describe(document, type); }
  // An image of these layers; the descriptor of its manifest, with its platform.
  Json image(const std::vector<std::string>& layers, const Json& platform = kAmd64,
             Packing packing = Packing::kGzip);
  Json index(const std::vector<Json>& manifests) {
    return publish({{"schemaVersion", 2}, {"manifests", manifests}}, media_type::kIndex);
  }

  Result<Json> plan(const Json& root, const Json& platform = Json());
  // The registry's bytes of a piece, or of a descriptor's content.
  const std::string& bytes_of_piece(const Json& content) const;
  // Delivers the content from `offset` on, whole or only so many bytes.
  Result<Json> receive(const Json& content, uint64_t offset = 0, size_t count = std::string::npos) {
    return receive_bytes(content, bytes_of_piece(content).substr(offset, count), offset);
  }
  Result<Json> receive_bytes(const Json& content, const std::string& bytes, uint64_t offset = 0) {
    return box.call("storage.receive", {{"content", content}, {"kind", "blob"}, {"offset", offset}},
                    pipe_with(bytes));
  }
  Result<Json> unpack(const Json& manifest) {
    return box.call("storage.unpack", {{"manifest", manifest["digest"]}});
  }
  Result<Json> admit(const std::string& reference, const Json& root, const Json& platform = Json());
  // Receives documents until only layers are missing.
  void receive_documents(const Json& root, const Json& platform = Json());
  void receive_everything(const Json& root, const Json& platform = Json());
  Json layer(const Json& manifest, size_t i) const;  // its descriptor
  Path part(const Json& content) const;

  Sandbox box;
  ImageArchive remote;
};

Digest digest_of(const Json& descriptor);

}  // namespace bulkhead::storage
