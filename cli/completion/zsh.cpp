// Zsh: install the script as _container in a folder of $fpath. Commands and options come with their
// descriptions.
#include "command/words.hpp"
#include "completion/completion.hpp"

namespace bulkhead::cli {

namespace {

// 'word:description' for _describe, in single quotes.
std::string described(std::string_view word, std::string_view description) {
  std::string text = "'";
  const auto append = [&](std::string_view part, bool escape_colon) {
    for (const char c : part) {
      if (c == '\'')
        text += "'\\''";
      else if (c == ':' && escape_colon)
        text += "\\:";
      else
        text += c;
    }
  };
  append(word, true);
  text += ':';
  append(description, false);
  return text + "'";
}

std::string transitions(const Command& root) {
  std::string text;
  for_each_command(root, [&](const Command& command, const std::string& path) {
    for (const Command* child : command.children) {
      std::string pattern = "'" + path + " " + std::string(child->name) + "'";
      for (Words aliases(child->aliases, ' '); aliases.next();) {
        pattern += "|'" + path + " " + std::string(aliases.word()) + "'";
      }
      text += "      (" + pattern + ") at='" + path + " " + std::string(child->name) + "' ;;\n";
    }
  });
  return text;
}

std::string reply(Completes kind) {
  if (kind == Completes::kFile) return "_files";
  if (kind == Completes::kDirectory) return "_files -/";
  const std::string_view candidates = candidates_command(kind);
  if (candidates.empty()) return "_message 'a value'";
  return "compadd -- ${(f)\"$(" + std::string(candidates) + ")\"}";
}

std::string option_values(const Command& root) {
  std::string text;
  for_each_command(root, [&](const Command& command, const std::string& path) {
    for_each_option(command, [&](const Option& option) {
      if (option.value.empty()) return;
      std::string pattern;
      for (Words names(option.names, ','); names.next();) {
        pattern += (pattern.empty() ? "'" : "|'") + path + "|" + std::string(names.word()) + "'";
      }
      const std::string answer =
          option.choices.empty() ? reply(option.completes) : "compadd -- " + choice_words(option);
      text += "    (" + pattern + ") " + answer + "; return ;;\n";
    });
  });
  return text;
}

std::string words_of_commands(const Command& root) {
  std::string text;
  for_each_command(root, [&](const Command& command, const std::string& path) {
    text += "    ('" + path + "')\n      options=(\n";
    for_each_option(command, [&](const Option& option) {
      for (Words names(option.names, ','); names.next();) {
        text += "        " + described(names.word(), option.help) + "\n";
      }
    });
    text += "      )\n";
    if (command.children.empty()) {
      const Completes kind = argument_kind(command);
      if (kind != Completes::kNothing) {
        text += "      [[ $words[CURRENT] == -* ]] || { " + reply(kind) + "; return }\n";
      }
    } else {
      text += "      commands=(\n";
      for (const Command* child : command.children) {
        if (!child->hidden) text += "        " + described(child->name, child->summary) + "\n";
      }
      text += "      )\n";
    }
    text += "      ;;\n";
  });
  return text;
}

}  // namespace

std::string zsh_completion(const Command& root) {
  return "#compdef container\n"
         "# zsh completion for container; made by: container --generate-completion-script zsh > "
         "_container\n"
         "_container() {\n"
         "  local at=container i\n"
         "  local -a options commands\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    case \"$at $words[i]\" in\n" +
         transitions(root) +
         "    esac\n"
         "  done\n"
         "  case \"$at|$words[CURRENT-1]\" in\n" +
         option_values(root) +
         "  esac\n"
         "  case \"$at\" in\n" +
         words_of_commands(root) +
         "  esac\n"
         "  if [[ $words[CURRENT] == -* ]]; then\n"
         "    _describe -o option options\n"
         "  else\n"
         "    _describe command commands\n"
         "  fi\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _container ]; then _container \"$@\"; else compdef _container "
         "container; fi\n";
}

}  // namespace bulkhead::cli
