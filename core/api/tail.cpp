#include "tail.hpp"

#include <utility>

namespace bulkhead::api {

void Tail::add(LinePiece piece, std::string text) {
  LinePtr& open = open_[piece.stream];
  if (!open) open = std::make_shared<Line>();
  pieces_.push_back({open, std::move(text)});
  if (!piece.ends) return;
  ended_.push_back(std::move(open));
  open_.erase(piece.stream);
  if (ended_.size() > limit_) drop_oldest();
}

// Pieces behind another stream's line wait for that to be dropped or taken.
void Tail::drop_oldest() {
  ended_.front()->dropped = true;
  ended_.pop_front();
  while (!pieces_.empty() && pieces_.front().line->dropped) pieces_.pop_front();
}

std::vector<std::string> Tail::take() {
  std::vector<std::string> texts;
  if (limit_ == 0) return texts;
  while (!ended_.empty() && ended_.size() + open_.size() > limit_) drop_oldest();
  for (Piece& piece : pieces_)
    if (!piece.line->dropped) texts.push_back(std::move(piece.text));
  return texts;
}

}  // namespace bulkhead::api
