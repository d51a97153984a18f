#include "pulls.hpp"

namespace bulkhead::storage {

Digest digest_of(const Json& descriptor) {
  return *Digest::parse(descriptor["digest"].get<std::string>());
}

Json PullTest::image(const std::vector<std::string>& layers, const Json& platform,
                     Packing packing) {
  Json descriptor = publish(remote.manifest(layers, platform, packing), media_type::kManifest);
  descriptor["platform"] = platform;
  return descriptor;
}

Result<Json> PullTest::plan(const Json& root, const Json& platform) {
  Json body{{"root", root}};
  if (!platform.is_null()) body["platform"] = platform;
  return box.call("storage.plan", body);
}

const std::string& PullTest::bytes_of_piece(const Json& content) const {
  return remote.blobs.at(digest_of(content).hex());
}

Result<Json> PullTest::admit(const std::string& reference, const Json& root, const Json& platform) {
  Json body{{"reference", reference}, {"root", root}};
  if (!platform.is_null()) body["platform"] = platform;
  return box.call("storage.admit", body);
}

void PullTest::receive_documents(const Json& root, const Json& platform) {
  for (bool came = true; came;) {
    came = false;
    const auto planned = plan(root, platform);
    ASSERT_TRUE(planned) << planned.error().message;
    for (const Json& piece : (*planned)["missing"]) {
      if (piece["what"].get<std::string>().starts_with("layer")) continue;
      const auto received = receive(piece["content"]);
      ASSERT_TRUE(received) << received.error().message;
      came = true;
    }
  }
}

void PullTest::receive_everything(const Json& root, const Json& platform) {
  receive_documents(root, platform);
  const auto planned = plan(root, platform);
  ASSERT_TRUE(planned) << planned.error().message;
  for (const Json& piece : (*planned)["missing"]) {
    const auto received = receive(piece["content"], piece["have"].get<uint64_t>());
    ASSERT_TRUE(received) << received.error().message;
  }
}

Json PullTest::layer(const Json& manifest, size_t i) const {
  return parse_json(bytes_of_piece(manifest))->at("layers").at(i);
}

Path PullTest::part(const Json& content) const {
  return box.root() / "incoming" / (digest_of(content).hex() + ".part");
}

}  // namespace bulkhead::storage
