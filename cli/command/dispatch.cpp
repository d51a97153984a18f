#include "command/dispatch.hpp"

#include "bulkhead/version.hpp"
#include "client/problem.hpp"
#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "command/help.hpp"
#include "command/parse.hpp"
#include "command/plugin.hpp"
#include "command/reference.hpp"
#include "completion/completion.hpp"

namespace bulkhead::cli {

namespace {

std::string version_line() {
  return std::string("container CLI version ") + kVersion + " (build: " + kBuildType +
         ", commit: " + kCommit + ")";
}

// The options of the root that are commands of their own.
bool answer_root_option(Context& context, const Invocation& invocation) {
  if (invocation.has("version")) {
    context.out.line(version_line());
  } else if (const auto shell = invocation.value("generate-completion-script")) {
    context.out.write(completion_script(commands::root, *shell));
  } else if (invocation.has("generate-reference")) {
    context.out.write(reference_page(commands::root));
  } else {
    return false;
  }
  return true;
}

Failure unknown_command(const Context& context, const std::string& path, const std::string& word) {
  if (path != "container") return usage("unknown command '" + path + " " + word + "'");
  std::string folders;
  for (const std::string& folder : context.service.plugin_directories()) {
    folders += (folders.empty() ? "" : " or ") + folder;
  }
  return usage("unknown command '" + word + "', and no plugin container-" + word + " in " +
               folders + "; if it is a plugin, try again after 'container system start'");
}

// What was given but can't be done in this version.
Status check_needs(const Invocation& invocation, const std::string& path) {
  const Command& command = invocation.command();
  if (!command.needs.empty()) {
    return fail(Code::kUnsupported, path + " " + std::string(command.needs));
  }
  for (const OptionGroup& group : command.groups) {
    for (const Option& option : group.options) {
      const std::string_view key = key_of(option);
      if (!option.needs.empty() && invocation.has(key)) {
        return fail(Code::kUnsupported, "--" + std::string(key) + " " + std::string(option.needs));
      }
    }
  }
  return {};
}

struct Walk {
  std::string path = "container";
  bool shown = false;  // help, version or a script has been printed and that's all
};

// Walks groups until a command that runs; `walk` says how far it came, also when it fails.
Result<Invocation> walk_to_leaf(Context& context, std::vector<std::string> words, Walk& walk) {
  const Command* command = &commands::root;
  while (true) {
    auto invocation = parse(*command, std::move(words));
    if (!invocation) return invocation;
    context.debug = context.debug || invocation->has("debug");
    const bool leaf = command->children.empty();
    if (invocation->has("help") || (!leaf && invocation->arguments().empty())) {
      walk.shown = true;
      if (command == &commands::root && answer_root_option(context, *invocation)) return invocation;
      context.out.write(help_page(*command, walk.path));
      return invocation;
    }
    if (leaf) return invocation;
    const auto& rest = invocation->arguments();
    const Command* child = find_child(*command, rest.front());
    if (child == nullptr && command == &commands::root) {
      const auto plugin = find_plugin(context.service.plugin_directories(), rest.front());
      if (plugin) return become_plugin(*plugin, {rest.begin() + 1, rest.end()});
    }
    if (child == nullptr) return unknown_command(context, walk.path, rest.front());
    walk.path += " " + std::string(child->name);
    words.assign(rest.begin() + 1, rest.end());
    command = child;
  }
}

Result<int> run(Context& context, std::vector<std::string> words, Walk& walk) {
  const auto invocation = walk_to_leaf(context, std::move(words), walk);
  if (!invocation) return fail(invocation.error());
  if (walk.shown) return 0;
  if (auto ok = check_needs(*invocation, walk.path); !ok) return fail(std::move(ok.error()));
  if (auto ok = check_arguments(*invocation); !ok) return fail(std::move(ok.error()));
  return invocation->command().run(context, *invocation);
}

}  // namespace

int dispatch(Context& context, std::vector<std::string> words) {
  context.debug = context.environment("CONTAINER_DEBUG").has_value();
  Walk walk;
  auto status = run(context, std::move(words), walk);
  if (!status) {
    Error error = std::move(status.error());
    if (error.code == kUsage) error.hint = "See '" + walk.path + " --help' for more information.";
    tell_error(context, error);
    return exit_status_of(error);
  }
  return *status;
}

}  // namespace bulkhead::cli
