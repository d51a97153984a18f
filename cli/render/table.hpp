// Tables as the reference prints them: a header row, columns padded to their widest cell, two
// blanks between them, no blank at a line's end. Cells may come from images and containers, so
// control characters are shown as '?': nobody's label moves the user's cursor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

  // Missing cells are empty.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// `text` without control characters.
std::string printable(std::string_view text);

// The columns that `text` takes, and as much of it as fits into so many.
size_t width_of(std::string_view text);
std::string cut_to_width(std::string_view text, size_t width);

}  // namespace bulkhead::cli
