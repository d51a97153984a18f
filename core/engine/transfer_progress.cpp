#include "transfer_progress.hpp"

#include "model/read_json.hpp"

namespace bulkhead::engine {

void TransferProgress::item(const Json& piece, const char* state, int64_t done, int64_t total) {
  if (!tell_) return;
  tell_({{"event", "item"},
         {"id", model::read_text(model::member(piece, "content"), "digest")},
         {"what", model::read_text(piece, "what")},
         {"state", state},
         {"done", done},
         {"total", total}});
}

void TransferProgress::moved(const Json& piece, const char* state, const Json& note) {
  if (!tell_) return;
  if (std::string why = model::read_text(note, "what"); !why.empty()) return this->note(why);
  item(piece, state, model::read_integer(note, "done").value_or(0),
       model::read_integer(note, "total").value_or(0));
}

void TransferProgress::note(const std::string& text) {
  if (tell_ && text != last_note_) tell_({{"event", "note"}, {"text", text}});
  last_note_ = text;
}

}  // namespace bulkhead::engine
