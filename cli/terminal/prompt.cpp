#include "terminal/prompt.hpp"

#include <unistd.h>

#include <cerrno>
#include <optional>

#include "terminal/interrupt.hpp"
#include "terminal/raw_mode.hpp"

namespace bulkhead::cli {

namespace {

constexpr size_t kLongestAnswer = 65536;

// Byte by byte: what follows the line isn't ours.
Result<std::string> read_line(int in) {
  std::string line;
  while (line.size() < kLongestAnswer) {
    char c = 0;
    const ssize_t count = read(in, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("read from the terminal", errno);
    if (count == 0 || c == '\n') return line;
    line += c;
  }
  return fail(Code::kInvalid, "the answer is too long");
}

}  // namespace

Result<std::string> ask(int in, Output& out, std::string_view question, Typed typed) {
  const LastWords end_of_line(out.fd(), "\n");
  // Before the question, so that an answer that comes at once isn't shown either.
  std::optional<HiddenInput> hidden;
  if (typed == Typed::kHidden) hidden.emplace(in);
  if (hidden && !hidden->active()) {
    return fail(Code::kInvalid, "what is typed can't be hidden: this is not a terminal");
  }
  out.write(question);
  return read_line(in);
}

}  // namespace bulkhead::cli
