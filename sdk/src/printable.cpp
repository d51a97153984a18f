// UTF-8 is checked by the table of the Unicode standard (3-7): no overlong forms, no surrogates,
// nothing beyond U+10FFFF. Hand-written, because iconv and libutf8proc want a copy of the text to
// answer this one question.
#include "bulkhead/printable.hpp"

#include <cstddef>

namespace bulkhead {
namespace {

constexpr size_t kLongest = 200;

// Length of the well-formed sequence that begins the text; 0 if none does.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

void append_escaped(std::string& out, unsigned char byte) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\x";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    // U+0080..U+009F are controls too: a terminal may obey them.
    const bool control =
        lead < 0x20 || lead == 0x7f ||
        (length == 2 && lead == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
    if (length == 0 || control) {
      append_escaped(out, lead);
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
}

}  // namespace

std::string in_quotes(std::string_view foreign) {
  std::string out = "'";
  if (foreign.size() <= kLongest) {
    append_printable(out, foreign);
  } else {
    append_printable(out, foreign.substr(0, kLongest / 2));
    out += "...";
    append_printable(out, foreign.substr(foreign.size() - kLongest / 2));
  }
  return out + "'";
}

}  // namespace bulkhead
