// Walks the separated words of a constant string without allocating: "-e, --env" by comma, "ls ps"
// by blank. Spaces around a word don't belong to it, and empty words are skipped.
#pragma once

#include <string_view>

namespace bulkhead::cli {

class Words {
 public:
  Words(std::string_view text, char separator) : rest_(text), separator_(separator) {}

  bool next() {
    while (!rest_.empty()) {
      const size_t end = rest_.find(separator_);
      word_ = trim(rest_.substr(0, end));
      rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
      if (!word_.empty()) return true;
    }
    return false;
  }
  std::string_view word() const { return word_; }

 private:
  static std::string_view trim(std::string_view text) {
    const size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
  }

  std::string_view rest_;
  std::string_view word_;
  char separator_;
};

}  // namespace bulkhead::cli
