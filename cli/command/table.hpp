// The command tree as plain constant data: what a command is called, what it takes, and which
// function carries it out.
//
// One description feeds four readers: the parser (parse.cpp), the help pages (help.cpp), the
// completion scripts (completion/) and docs/reference/cli.md (reference.cpp). So an option can't
// exist in one of them only, and nothing here costs time when the program starts: every table is
// constant-initialised.
//
// Options and commands whose capability this version lacks are in the tables too. They carry
// `needs`, the sentence that says what is missing; the parser's caller refuses them with it, so
// that nothing is ever silently ignored.
#pragma once

#include <span>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

class Invocation;
struct Context;

// What the shell offers after an option or in an argument's place.
enum class Completes {
  kNothing,
  kFile,
  kDirectory,
  kContainer,
  kImage,
  kNetwork,
  kVolume,
  kCommand
};

struct Option {
  std::string_view
      names;  // "-e, --env": short forms first; values are looked up by the last one, undashed
  std::string_view value = {};  // "<key=value>"; empty: a flag
  std::string_view help = {};
  std::string_view choices = {};  // "json|table|yaml": anything else is refused
  std::string_view fallback =
      {};  // shown in help as the default; applied by Invocation::value_or_default
  std::string_view needs = {};  // what is missing for it in this version
  Completes completes = Completes::kNothing;
  bool repeats = false;  // each occurrence counts; otherwise the last one wins
};

struct OptionGroup {
  std::string_view title;
  std::span<const Option> options;
};

struct Argument {
  std::string_view name;  // "<image>"
  std::string_view help = {};
  unsigned min = 1;
  unsigned max = 1;  // kMany: no limit
  Completes completes = Completes::kNothing;
  bool raw =
      false;  // this and what follows is a command line of its own: no option is taken out of it
};
inline constexpr unsigned kMany = ~0U;

// Returns the process's exit status.
using Run = Result<int> (*)(Context& context, const Invocation& invocation);

struct Command {
  std::string_view name;
  std::string_view aliases = {};  // "ls ps"
  std::string_view summary = {};
  std::string_view details = {};  // paragraphs for help and the reference page
  std::string_view section = {};  // heading on the root help page
  std::span<const Argument> arguments = {};
  std::span<const OptionGroup> groups = {};
  std::span<const Command* const> children = {};
  Run run = nullptr;
  std::string_view needs = {};
  bool hidden = false;
};

// A usage error never leaves this program, so its code is this program's own: the exit status 64
// (EX_USAGE).
inline constexpr Code kUsage = Code{64};

// Nor does a signal that ended a command: the exit status is 128+n, as shells have it.
inline constexpr Code interrupted_by(int signal) {
  return Code{128 + signal};
}

inline Failure usage(std::string message) {
  return fail(kUsage, std::move(message));
}

// True if `word` is the command's name or one of its aliases.
bool answers_to(const Command& command, std::string_view word);

// The child that answers to `word`, or null.
const Command* find_child(const Command& parent, std::string_view word);

// "env" for "-e, --env": the name by which an Invocation is asked.
std::string_view key_of(const Option& option);

// The option that `key` names within `command`, or null. --help and --debug belong to every
// command.
const Option* find_option(const Command& command, std::string_view key);

// Options that every command takes.
std::span<const Option> common_options();

}  // namespace bulkhead::cli
