// registry login: a user name and a password, tried and kept by the service.
//
// The password comes from standard input or is typed unseen; never from the command line, which
// every process can read, and it is in no message and no trace.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "io/files.hpp"
#include "options/transfer.hpp"
#include "render/field.hpp"
#include "terminal/prompt.hpp"

namespace bulkhead::cli {

namespace {

struct Credential {
  std::string username;
  std::string password;
};

// As `echo secret |` and a file from an editor bring it: one line's end isn't part of it.
std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<Credential> piped(Context& context, const Invocation& invocation) {
  const auto username = invocation.value("username");
  if (!username) return usage("--password-stdin needs --username");
  auto password = read_to_end(context.in, "the password");
  if (!password) return fail(std::move(password.error()));
  return Credential{*username, without_line_end(std::move(*password))};
}

Result<Credential> typed(Context& context, const Invocation& invocation) {
  if (isatty(context.in) != 1) {
    return usage(
        "standard input is not a terminal to ask for the password at: use "
        "--password-stdin with --username");
  }
  Credential credential;
  if (const auto username = invocation.value("username")) {
    credential.username = *username;
  } else {
    auto answer = ask(context.in, context.err, "User name: ", Typed::kShown);
    if (!answer) return fail(std::move(answer.error()));
    credential.username = std::move(*answer);
  }
  if (credential.username.empty()) return credential;  // refused by the caller
  auto answer = ask(context.in, context.err, "Password: ", Typed::kHidden);
  if (!answer) return fail(std::move(answer.error()));
  credential.password = std::move(*answer);
  return credential;
}

// On standard error: what is kept on a disk may be copied with it.
void tell_where(Context& context, const std::string& kept) {
  if (kept == "secret-service") context.err.line("It is kept in the keyring.");
  if (kept == "file") context.err.line("It is kept in an encrypted file beside its key.");
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto credential =
      invocation.has("password-stdin") ? piped(context, invocation) : typed(context, invocation);
  if (!credential) return fail(credential.error());
  if (credential->username.empty()) return fail(Code::kInvalid, "the user name is empty");
  if (credential->password.empty()) return fail(Code::kInvalid, "the password is empty");
  Request request{"POST", "/v1/registries/login",
                  body_of({{"server", invocation.arguments().front()},
                           {"username", credential->username},
                           {"password", credential->password},
                           {"scheme", invocation.value_or_default("scheme")}})};
  request.secret = true;
  const auto answer = context.api().send(request);
  if (!answer) return fail(answer.error());
  context.out.line("Login succeeded");
  tell_where(context, text_at(*answer, "kept"));
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<server>"}};
constexpr Option kOptions[] = {
    {.names = "--password-stdin",
     .help = "Read the password from standard input; needs --username"},
    kSchemeOption,
    {.names = "-u, --username", .value = "<name>", .help = "User name; asked for by default"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command registry_login = {
    .name = "login",
    .summary = "Log in to a registry",
    .details = "The user name and the password are asked for on the terminal, tried and then kept.",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
