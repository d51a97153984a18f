// The story of a transfer for whoever watches it, one JSON object at a time:
//
//     {"event": "item", "id": digest or "<digest>/disk", "what": "layer 2 of 5",
//      "state": s, "done": n, "total": n}
//     {"event": "note", "text": s}
//
// Lossy where it repeats itself and complete where a state changes; never journaled.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace bulkhead::engine {

class TransferProgress {
 public:
  using Json = nlohmann::json;
  explicit TransferProgress(std::function<void(const Json&)> tell = {}) : tell_(std::move(tell)) {}

  // A piece of METHODS.md: {"content": Descriptor, "what": s}.
  void item(const Json& piece, const char* state, int64_t done, int64_t total);
  // A plugin's progress note about a piece.
  void moved(const Json& piece, const char* state, const Json& note);
  void note(const std::string& text);

 private:
  std::function<void(const Json&)> tell_;  // empty: nobody watches
  std::string last_note_;
};

}  // namespace bulkhead::engine
