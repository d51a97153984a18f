// The one file that includes CLI11 (three seconds to compile). Only the leaf command that was named
// is turned into a CLI::App, so that a start costs microseconds however many commands there are.
//
// Two of CLI11's habits are worked around by a mark at a word's end that is taken off again: it
// would take the next word as the value of "--label=", and split "[a,b]" into a list.
#include "command/parse.hpp"

#include <CLI/CLI.hpp>

#include "command/words.hpp"

namespace bulkhead::cli {

namespace {

constexpr char kMark = '\x01';

// A group's words after its subcommand are the subcommand's business, as a process's are the
// container's.
bool is_raw(const Command& command) {
  return !command.arguments.empty() && command.arguments.back().raw;
}

std::vector<std::string> mark(std::vector<std::string> words) {
  for (std::string& word : words) {
    const bool empty_value = word.starts_with("--") && word.find('=') == word.size() - 1;
    if (empty_value || (word.starts_with("[") && word.ends_with("]"))) word += kMark;
  }
  return words;
}

std::string unmark(std::string text) {
  if (!text.empty() && text.back() == kMark) text.pop_back();
  return text;
}

// CLI11 wants "-e,--env"; ours are written for the reader, with a blank.
std::string names_for_cli11(const Option& option) {
  std::string names;
  for (Words words(option.names, ','); words.next();) {
    if (!names.empty()) names += ',';
    names += words.word();
  }
  return names;
}

Status check_choice(const Option& option, const std::string& value) {
  if (option.choices.empty()) return {};
  for (Words choices(option.choices, '|'); choices.next();) {
    if (choices.word() == value) return {};
  }
  return usage("'" + value + "' is not a value of --" + std::string(key_of(option)) +
               ": choose one of " + std::string(option.choices));
}

// What CLI11 found wrong, in our words.
Failure sentence_of(const CLI::ParseError& error, const CLI::App& app) {
  if (const auto extras = app.remaining(); !extras.empty()) {
    return usage((extras.front().starts_with("-") ? "unknown option '" : "unexpected argument '") +
                 unmark(extras.front()) + "'");
  }
  const std::string what = error.what();
  if (error.get_name() == "ArgumentMismatch") {
    const std::string option = what.substr(0, what.find(':'));
    if (what.find("required") != std::string::npos) return usage("missing value for " + option);
  }
  return usage(what);
}

// Adds the table's options to `app`; the result is where their occurrences will be found.
std::vector<std::pair<const Option*, CLI::Option*>> declare(CLI::App& app, const Command& command) {
  std::vector<std::pair<const Option*, CLI::Option*>> declared;
  auto add = [&](const Option& option) {
    CLI::Option* made = nullptr;
    if (option.value.empty()) {
      made = app.add_flag(names_for_cli11(option));
    } else {
      made = app.add_option(names_for_cli11(option), CLI::callback_t());
      made->type_size(1)->expected(1)->allow_extra_args(false);
    }
    made->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    declared.emplace_back(&option, made);
  };
  for (const OptionGroup& group : command.groups) {
    for (const Option& option : group.options) add(option);
  }
  for (const Option& option : common_options()) add(option);
  return declared;
}

// One option's occurrences into the invocation. "--rm=false" is a flag that wasn't given.
Status take(Invocation& invocation, const Option& option, const std::vector<std::string>& results) {
  for (const std::string& result : results) {
    const std::string value = unmark(result);
    if (option.value.empty()) {
      if (value == "true")
        invocation.add_value(key_of(option), "");
      else if (value != "false")
        return usage("--" + std::string(key_of(option)) + " takes no value");
      continue;
    }
    if (auto ok = check_choice(option, value); !ok) return ok;
    invocation.add_value(key_of(option), value);
  }
  return {};
}

// Positional words in order; an unknown option can only be the first, because from there on all is
// raw. A command that this version lacks is refused for that, not for its options.
Result<std::vector<std::string>> take_raw(const CLI::App& app, const Command& command) {
  std::vector<std::string> words = app.remaining();
  if (!words.empty() && words.front() == "--") {
    words.erase(words.begin());
    return words;
  }
  if (command.needs.empty() && !words.empty() && words.front().size() > 1 &&
      words.front().front() == '-') {
    return usage("unknown option '" + unmark(words.front()) + "'");
  }
  return words;
}

Result<Invocation> parse_with(CLI::App& app, const Command& command,
                              std::vector<std::string> words) {
  const auto declared = declare(app, command);
  CLI::Option* positional = nullptr;
  if (is_raw(command)) {
    app.prefix_command();
  } else {
    positional = app.add_option("words", CLI::callback_t());
    positional->expected(0, CLI::detail::expected_max_vector_size)->allow_extra_args();
    positional->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  app.parse(std::move(words));

  Invocation invocation(command);
  for (const auto& [option, found] : declared) {
    if (auto ok = take(invocation, *option, found->results()); !ok) {
      return fail(std::move(ok.error()));
    }
  }
  auto given = positional != nullptr ? Result<std::vector<std::string>>(positional->results())
                                     : take_raw(app, command);
  if (!given) return fail(std::move(given.error()));
  for (std::string& word : *given) word = unmark(std::move(word));
  invocation.set_arguments(std::move(*given));
  return invocation;
}

}  // namespace

Result<Invocation> parse(const Command& command, std::vector<std::string> words) {
  CLI::App app;
  app.set_help_flag();
  try {
    return parse_with(app, command, mark(std::move(words)));
  } catch (const CLI::ParseError& error) {
    return sentence_of(error, app);
  }
}

Status check_arguments(const Invocation& invocation) {
  const auto& given = invocation.arguments();
  size_t most = 0;
  size_t least = 0;
  for (const Argument& argument : invocation.command().arguments) {
    if (given.size() < least + argument.min) {
      return usage("missing argument " + std::string(argument.name));
    }
    least += argument.min;
    most = argument.max == kMany || most == kMany ? kMany : most + argument.max;
  }
  if (given.size() > most) return usage("unexpected argument '" + given[most] + "'");
  return {};
}

}  // namespace bulkhead::cli
