#include "challenge.hpp"

#include <algorithm>
#include <cctype>

namespace bulkhead::registry {
namespace {

constexpr size_t kMostChallenges = 16;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  bool take(char wanted) {
    if (at_end() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void skip(std::string_view any_of) {
    while (!at_end() && any_of.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  std::string_view word() {
    const size_t begin = at_;
    while (!at_end() && std::string_view(" \t,=\"").find(text_[at_]) == std::string_view::npos)
      ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // A token or a quoted string.
  std::string value() {
    if (!take('"')) return std::string(word());
    std::string value;
    while (!at_end() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_++];
    }
    take('"');
    return value;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

void set_parameter(Challenge& challenge, const std::string& name, std::string value) {
  if (name == "realm") {
    challenge.realm = std::move(value);
  } else if (name == "service") {
    challenge.service = std::move(value);
  } else if (name == "scope") {
    challenge.scope = std::move(value);
  }
}

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view field) {
  std::vector<Challenge> all;
  Reader reader(field);
  bool known = false;
  while (!reader.at_end()) {
    reader.skip(" \t,");
    const std::string name = lower(reader.word());
    reader.skip(" \t");
    if (reader.take('=')) {  // a parameter of the challenge before
      reader.skip(" \t");
      std::string value = reader.value();
      if (known) set_parameter(all.back(), name, std::move(value));
      continue;
    }
    if (name.empty()) {  // a quote where none belongs
      reader.value();
      continue;
    }
    known = (name == "bearer" || name == "basic") && all.size() < kMostChallenges;
    if (known) all.push_back({name == "bearer", {}, {}, {}});
  }
  return all;
}

std::optional<Challenge> choose_challenge(std::string_view field) {
  const std::vector<Challenge> all = parse_challenges(field);
  const auto bearer = std::find_if(all.begin(), all.end(),
                                   [](const Challenge& c) { return c.bearer && !c.realm.empty(); });
  if (bearer != all.end()) return *bearer;
  const auto basic =
      std::find_if(all.begin(), all.end(), [](const Challenge& c) { return !c.bearer; });
  if (basic != all.end()) return *basic;
  return std::nullopt;
}

}  // namespace bulkhead::registry
