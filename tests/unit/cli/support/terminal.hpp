// A terminal for a test: the program's end is inside(), the person's end is this object.
#pragma once

#include <string>

#include "bulkhead/unique_fd.hpp"

namespace bulkhead::cli::testing {

class Terminal {
 public:
  Terminal();

  int inside() const { return inside_.get(); }
  void type(const std::string& keys) const;
  void resize(unsigned short rows, unsigned short columns) const;
  // What is shown up to and with `text`; what there is after five seconds if it doesn't come.
  std::string read_until(const std::string& text);
  bool echoes() const;

 private:
  UniqueFd outside_, inside_;
};

}  // namespace bulkhead::cli::testing
