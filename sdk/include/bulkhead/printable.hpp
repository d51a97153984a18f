// Foreign text in our sentences. A member's name may hold newlines, terminal escapes or bytes that
// aren't UTF-8; whatever goes into an error or a JSON result passes through here, so that it can
// neither forge a line of a log nor break a document.
#pragma once

#include <string>
#include <string_view>

namespace bulkhead {

// The text in single quotes, with control and non-UTF-8 bytes as \xNN and shortened in the middle
// beyond 200 bytes.
std::string in_quotes(std::string_view foreign);

}  // namespace bulkhead
