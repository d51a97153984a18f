#include "command/reference.hpp"

#include "command/help.hpp"
#include "completion/completion.hpp"

namespace bulkhead::cli {

namespace {

constexpr std::string_view kIntroduction = R"(# The command line

This page is made by `container --generate-reference` from the tables that the program parses by; a test compares them. *Not in this
version* marks what is understood and refused with a sentence that says what it needs.

## What holds everywhere

**Exit status.** 0: done. 64: the command line is wrong; the message says how. 1: it could not be done; the message is
`Error: <what failed, on what, why>`, and a second line says what to do if something can be done. `run`, `exec` and `start --attach` end with
the exit status of the process, 128+n if signal n killed it, 126 if its command can't be executed, 127 if there is none.
A signal that ends `container` itself gives 128+n.

**Containers** are named by their id or a unique prefix of it. **Images** are named by reference (`web`, `web:1.2`,
`registry.example.org/team/web:1.2`), digest, or a unique beginning of the digest.

**Sizes** are bytes or whole numbers with K, M, G, T or P (binary; `kb` and `KiB` mean the same). **Times** are RFC 3339 or a length of
time before now: `90s`, `10m`, `2h`, `1d`.

**Options** may stand anywhere before the first word of a process's command line; what follows is the process's own.
A value may be joined with `=`; short flags may be joined (`-it`); an option that doesn't repeat counts the last time it is given.

**The service.** Commands that need it start it when it isn't running. `container` and the service agree on where it lives by
the environment: `CONTAINER_ROOT`, or the XDG variables, or the system's folders for root.

| environment variable | meaning |
|---|---|
| `CONTAINER_ROOT` | everything below one folder: data, sockets and logs; for tests and second services |
| `CONTAINER_DEBUG` | any value: as `--debug` |
| `CONTAINER_AUTOSTART` | `0`: don't start the service, fail |
| `CONTAINER_DEFAULT_PLATFORM` | platform where `--platform` isn't given |
| `BULKHEAD_RESOLVED_DIR` | folder for `system dns` to put systemd-resolved's files in; empty: systemd-resolved is told nothing |

**Plugins.** `container <word>` with a word that is no command runs the program `container-<word>` from `plugins/` below the data or from the
installation's folder of plugins, with the words that follow.

**Completion.** `container --generate-completion-script zsh > _container` in a folder of `$fpath`; `... bash > container` in
`~/.local/share/bash-completion/completions`; `... fish > container.fish` in `~/.config/fish/completions`.
)";

// '|' ends a cell of a table.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string code(std::string_view text) {
  return "`" + cell(text) + "`";
}

std::string options_table(const OptionGroup& group) {
  std::string text = "\n| " + std::string(group.title) + " | |\n|---|---|\n";
  for (const Option& option : group.options) {
    std::string names(option.names);
    if (!option.value.empty()) names += " " + std::string(option.value);
    std::string notes = option_notes(option);
    if (!option.needs.empty()) {
      notes.replace(notes.find("(not in this version)"), std::string::npos,
                    "*Not in this version: it " + std::string(option.needs) + ".*");
    }
    text += "| " + code(names) + " | " + cell(std::string(option.help) + notes) + " |\n";
  }
  return text;
}

std::string section(const Command& command, const std::string& path) {
  std::string text = "\n## " + path + "\n\n" + std::string(command.summary) + ".";
  if (!command.needs.empty()) {
    text += " *Not in this version: it " + std::string(command.needs) + ".*";
  }
  text += "\n\n    " + usage_line(command, path) + "\n";
  if (!command.aliases.empty()) text += "\nAlso: " + code(command.aliases) + ".\n";
  if (!command.details.empty()) text += "\n" + std::string(command.details) + "\n";
  for (const OptionGroup& group : command.groups) text += options_table(group);
  return text;
}

}  // namespace

std::string reference_page(const Command& root) {
  std::string page(kIntroduction);
  page += options_table({"Options of every command", common_options()});
  for_each_command(root, [&](const Command& command, const std::string& path) {
    if (!command.hidden) page += section(command, path);
  });
  return page;
}

}  // namespace bulkhead::cli
