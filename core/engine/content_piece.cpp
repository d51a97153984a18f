#include "content_piece.hpp"

#include "model/read_json.hpp"

namespace bulkhead::engine {

std::string digest_of_piece(const Json& piece) {
  return model::read_text(model::member(piece, "content"), "digest");
}

int64_t size_of_piece(const Json& piece) {
  return model::read_integer(model::member(piece, "content"), "size").value_or(0);
}

const Json& pieces_at(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const Json& value = model::member(object, key);
  return value.is_array() ? value : kNone;
}

Json remote_of(const Json& intent_data, const std::string& local_domain) {
  Json remote = {{"reference", model::read_text(intent_data, "reference")},
                 {"scheme", model::read_text(intent_data, "scheme", "auto")}};
  if (!local_domain.empty()) remote["localDomain"] = local_domain;
  return remote;
}

}  // namespace bulkhead::engine
