// Fish: one `complete` line for each command and option, each with the condition that the cursor is
// where it belongs.
#include "command/words.hpp"
#include "completion/completion.hpp"

namespace bulkhead::cli {

namespace {

std::string quoted(std::string_view text) {
  std::string shown = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') shown += '\\';
    shown += c;
  }
  return shown + "'";
}

std::string transitions(const Command& root) {
  std::string text;
  for_each_command(root, [&](const Command& command, const std::string& path) {
    for (const Command* child : command.children) {
      const std::string target = path + " " + std::string(child->name);
      text += "      case " + quoted(target);
      for (Words aliases(child->aliases, ' '); aliases.next();) {
        text += " " + quoted(path + " " + std::string(aliases.word()));
      }
      text += "\n        set at " + quoted(target) + "\n";
    }
  });
  return text;
}

std::string values(Completes kind) {
  if (kind == Completes::kFile || kind == Completes::kDirectory) return " -F";
  const std::string_view candidates = candidates_command(kind);
  if (candidates.empty()) return " -f";
  return " -f -a '(env " + std::string(candidates) + ")'";
}

std::string option_line(const std::string& condition, const Option& option) {
  std::string line = "complete -c container" + condition;
  for (Words names(option.names, ','); names.next();) {
    const std::string_view name = names.word();
    if (name.starts_with("--"))
      line += " -l " + std::string(name.substr(2));
    else
      line += " -s " + std::string(name.substr(1));
  }
  if (!option.value.empty()) {
    line += " -r";
    line += option.choices.empty() ? values(option.completes)
                                   : " -f -a " + quoted(choice_words(option));
  }
  return line + " -d " + quoted(option.help) + "\n";
}

}  // namespace

std::string fish_completion(const Command& root) {
  std::string script =
      "# fish completion for container; made by: container --generate-completion-script fish\n"
      "function __container_at\n"
      "  set -l at container\n"
      "  set -l tokens (commandline -opc)\n"
      "  set -e tokens[1]\n"
      "  for word in $tokens\n"
      "    switch \"$at $word\"\n" +
      transitions(root) +
      "    end\n"
      "  end\n"
      "  test \"$at\" = \"$argv[1]\"\n"
      "end\n"
      "complete -c container -f\n";
  for_each_command(root, [&](const Command& command, const std::string& path) {
    const std::string condition = " -n \"__container_at '" + path + "'\"";
    for (const Command* child : command.children) {
      if (child->hidden) continue;
      script += "complete -c container" + condition + " -a " + quoted(child->name) + " -d " +
                quoted(child->summary) + "\n";
    }
    const Completes kind = argument_kind(command);
    if (command.children.empty() && kind != Completes::kNothing && kind != Completes::kCommand) {
      script += "complete -c container" + condition + values(kind) + "\n";
    }
    for_each_option(command,
                    [&](const Option& option) { script += option_line(condition, option); });
  });
  return script;
}

}  // namespace bulkhead::cli
