// Bash: one function and `case` statements only, because macOS still ships a bash without
// associative arrays.
#include "command/words.hpp"
#include "completion/completion.hpp"

namespace bulkhead::cli {

namespace {

// "container image|container i" patterns that lead from each group to its children.
std::string transitions(const Command& root) {
  std::string text;
  for_each_command(root, [&](const Command& command, const std::string& path) {
    for (const Command* child : command.children) {
      std::string pattern = "\"" + path + " " + std::string(child->name) + "\"";
      for (Words aliases(child->aliases, ' '); aliases.next();) {
        pattern += "|\"" + path + " " + std::string(aliases.word()) + "\"";
      }
      text += "      " + pattern + ") at=\"" + path + " " + std::string(child->name) + "\" ;;\n";
    }
  });
  return text;
}

std::string reply(Completes kind) {
  if (kind == Completes::kFile) return "COMPREPLY=($(compgen -f -- \"$current\"))";
  if (kind == Completes::kDirectory) return "COMPREPLY=($(compgen -d -- \"$current\"))";
  const std::string_view candidates = candidates_command(kind);
  if (candidates.empty()) return "COMPREPLY=()";
  return "COMPREPLY=($(compgen -W \"$(" + std::string(candidates) + ")\" -- \"$current\"))";
}

// One line for each option that takes a value.
std::string option_values(const Command& root) {
  std::string text;
  for_each_command(root, [&](const Command& command, const std::string& path) {
    for_each_option(command, [&](const Option& option) {
      if (option.value.empty()) return;
      std::string pattern;
      for (Words names(option.names, ','); names.next();) {
        pattern += (pattern.empty() ? "\"" : "|\"") + path + "|" + std::string(names.word()) + "\"";
      }
      const std::string answer =
          option.choices.empty()
              ? reply(option.completes)
              : "COMPREPLY=($(compgen -W \"" + choice_words(option) + "\" -- \"$current\"))";
      text += "    " + pattern + ") " + answer + "; return ;;\n";
    });
  });
  return text;
}

std::string words_of_commands(const Command& root) {
  std::string text;
  for_each_command(root, [&](const Command& command, const std::string& path) {
    std::string options;
    for_each_option(command, [&](const Option& option) {
      for (Words names(option.names, ','); names.next();)
        options += " " + std::string(names.word());
    });
    std::string children;
    for (const Command* child : command.children) {
      if (!child->hidden) children += " " + std::string(child->name);
    }
    text += "    \"" + path + "\")\n      options=\"" + options.substr(1) + "\"\n";
    text += children.empty() ? "      [[ $current == -* ]] || { " + reply(argument_kind(command)) +
                                   "; return; } ;;\n"
                             : "      commands=\"" + children.substr(1) + "\" ;;\n";
  });
  return text;
}

}  // namespace

std::string bash_completion(const Command& root) {
  return "# bash completion for container; made by: container --generate-completion-script bash\n"
         "_container() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"\" at=\"container\" "
         "options=\"\" commands=\"\" i\n"
         "  [ \"$COMP_CWORD\" -gt 0 ] && previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$at ${COMP_WORDS[i]}\" in\n" +
         transitions(root) +
         "    esac\n"
         "  done\n"
         "  case \"$at|$previous\" in\n" +
         option_values(root) +
         "  esac\n"
         "  case \"$at\" in\n" +
         words_of_commands(root) +
         "  esac\n"
         "  if [[ $current == -* ]]; then commands=\"$options\"; fi\n"
         "  COMPREPLY=($(compgen -W \"$commands\" -- \"$current\"))\n"
         "}\n"
         "complete -o bashdefault -o default -F _container container\n";
}

}  // namespace bulkhead::cli
