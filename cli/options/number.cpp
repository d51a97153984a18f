#include "options/number.hpp"

#include <charconv>
#include <string>

#include "bulkhead/size.hpp"
#include "command/table.hpp"

namespace bulkhead::cli {

Result<uint64_t> parse_number(std::string_view text, std::string_view what, uint64_t least,
                              uint64_t most) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least &&
      number <= most) {
    return number;
  }
  std::string expected = "a whole number";
  if (least > 0) expected += " of at least " + std::to_string(least);
  if (most < UINT64_MAX)
    expected += std::string(least > 0 ? " and" : " of") + " at most " + std::to_string(most);
  return usage(std::string(what) + ": '" + std::string(text) + "' is not " + expected);
}

Result<uint64_t> parse_size_option(std::string_view text, std::string_view what) {
  auto size = parse_size(text);
  if (size) return size;
  // A usage error's second line is taken by the pointer to --help, so the advice joins the
  // sentence.
  const Error& error = size.error();
  return usage(std::string(what) + ": " + error.message +
               (error.hint.empty() ? "" : ": " + error.hint));
}

}  // namespace bulkhead::cli
