// Docker's credential helpers: programs docker-credential-NAME that are called with "get", read the
// server's name from standard input, and write {"ServerURL", "Username", "Secret"}. The username
// "<token>" says that the secret is an identity token.
//
// A helper is a stranger's program. It gets ten seconds and may write 64 KiB; then it is killed
// with all it started. What it wrote is never repeated in an error.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "secret.hpp"

namespace bulkhead::registry {

// Letters, digits, - and _: the name becomes a part of a program's name, and nothing else.
bool is_helper_name(std::string_view name);

// `key` is what the helper knows the server by. Nothing if it has no login for it.
Result<std::optional<Credential>> ask_helper(const std::string& name, const std::string& key,
                                             std::chrono::milliseconds patience);

// The answer of a helper that ended well, by itself because it is a parser.
Result<std::optional<Credential>> parse_helper_answer(std::string_view text);

}  // namespace bulkhead::registry
