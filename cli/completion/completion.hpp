// Completion scripts for zsh, bash and fish, generated from the command tables: they know every
// command, option and choice there is, and ask `container` itself for the names of containers,
// images and networks.
//
// All three work alike: the words before the cursor are walked to find the command ("container
// image list"), then the previous word decides between an option's value, and the current one
// between options and arguments.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "command/table.hpp"

namespace bulkhead::cli {

// `shell` is one of the choices of --generate-completion-script.
std::string completion_script(const Command& root, std::string_view shell);

std::string bash_completion(const Command& root);
std::string zsh_completion(const Command& root);
std::string fish_completion(const Command& root);

// Calls `visit` with every command and its path, parents first.
void for_each_command(
    const Command& root,
    const std::function<void(const Command& command, const std::string& path)>& visit);

// Calls `visit` with every option of the command, common ones included.
void for_each_option(const Command& command,
                     const std::function<void(const Option& option)>& visit);

// The command line that lists what may stand in this place, one a line; "" if files are meant or
// nothing is known. It must not start the service for a press of the tab key.
std::string_view candidates_command(Completes kind);

// What completes the command's arguments.
Completes argument_kind(const Command& command);

// "table json yaml" of "table|json|yaml".
std::string choice_words(const Option& option);

}  // namespace bulkhead::cli
