#include "store/canonical.hpp"

#include <openssl/sha.h>

#include <algorithm>

#include "bulkhead/json.hpp"

namespace bulkhead::store {
namespace {

constexpr std::string_view kSecretKeys[] = {
    "accesskey",     "accesstoken",   "apikey", "authorization", "bearer",     "credentials",
    "identitytoken", "passphrase",    "passwd", "password",      "privatekey", "pwd",
    "refreshtoken",  "registrytoken", "secret", "secretkey",     "token"};
// Below these keys the names are somebody else's: users' labels, OCI documents.
constexpr std::string_view kForeignMaps[] = {"labels",  "annotations", "config",
                                             "sysctls", "history",     "container_config"};

// Lower case without '-' and '_', so that access_token, Access-Token and accessToken are one.
std::string folded(std::string_view key) {
  std::string text;
  for (char c : key)
    if (c != '-' && c != '_') text += c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return text;
}

template <std::size_t n>
bool contains(const std::string_view (&list)[n], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

Status lint(const Json& value, int depth, bool foreign) {
  if (depth > kMaxDepth)
    return fail(Code::kInvalid, "event data nested deeper than " + std::to_string(kMaxDepth));
  if (value.is_array()) {
    for (const Json& element : value)
      if (auto good = lint(element, depth + 1, foreign); !good) return good;
    return {};
  }
  if (!value.is_object()) return {};
  for (const auto& [key, element] : value.items()) {
    std::string name = folded(key);
    if (!foreign && contains(kSecretKeys, name))
      return fail(Code::kInternal, "event data has the key \"" + key + "\", which names a secret",
                  "record an id or a digest of it instead");
    bool below = foreign || contains(kForeignMaps, key);
    if (auto good = lint(element, depth + 1, below); !good) return good;
  }
  return {};
}

void append(std::string& text, std::optional<model::Seq> number) {
  text += number ? std::to_string(*number) : "null";
}

std::string envelope(const model::Event& event, std::string_view actor) {
  std::string text = "[";
  for (int64_t number : {event.seq, event.at_us, event.mono_us}) {
    append(text, number);
    text += ',';
  }
  text += dump_json(event.stream) + ',' + std::to_string(event.ver) + ',';
  text += dump_json(event.type) + ',' + std::to_string(event.rev) + ',';
  text += std::to_string(int(event.phase)) + ',';
  append(text, event.op);
  text += ',';
  append(text, event.cause);
  text += ',' + std::to_string(event.root) + ',';
  text += actor;
  return text + ']';
}

}  // namespace

Result<std::string> canonical_text(Json& body) {
  if (!body.is_object()) return fail(Code::kInternal, "event data must be an object");
  if (auto good = lint(body, 0, false); !good) return fail(std::move(good.error()));
  std::string text = dump_json(body);
  if (text.size() > kMaxBody)
    return fail(Code::kInvalid,
                "event data of " + std::to_string(text.size()) + " bytes is too large");
  // U+FFFD in the text: bytes were not UTF-8, or it was there before. Either way the text decides.
  if (text.find("\xef\xbf\xbd") != std::string::npos) {
    Json reread = Json::parse(text, nullptr, false);
    if (!reread.is_discarded()) body = std::move(reread);
  }
  return text;
}

Leaf leaf_hash(const model::Event& event, std::string_view actor, std::string_view data) {
  auto bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  Leaf payload;
  SHA256(bytes(data), data.size(), payload.data());
  std::string input(1, '\0');
  input += envelope(event, actor);
  input.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  Leaf leaf;
  SHA256(bytes(input), input.size(), leaf.data());
  return leaf;
}

}  // namespace bulkhead::store
