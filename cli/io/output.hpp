// Where text goes: standard output or standard error, unbuffered, because what is printed here is
// built whole first and a program that dies halfway must not lose what it had said. The first
// failed write is remembered; main() turns it into an exit status, so that `container list >
// /dev/full` doesn't look like success.
#pragma once

#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}

  void write(std::string_view text);
  void line(std::string_view text);

  int fd() const { return fd_; }
  bool is_terminal() const;
  // errno of the first failure, 0 if there was none.
  int failure() const { return failure_; }

 private:
  int fd_;
  int failure_ = 0;
};

}  // namespace bulkhead::cli
