// The command line as bytes: words separated by zero bytes, for run, image import and events,
// through the parser and every option's own. What is accepted must make a request that is JSON;
// what isn't must be a sentence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command/commands.hpp"
#include "command/parse.hpp"
#include "options/image_config.hpp"
#include "options/management.hpp"
#include "options/moment.hpp"

namespace {

using namespace bulkhead;
using namespace bulkhead::cli;

std::vector<std::string> words_of(const char* data, size_t size) {
  std::vector<std::string> words(1);
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == '\0') {
      words.emplace_back();
    } else {
      words.back() += data[i];
    }
  }
  return words;
}

std::optional<std::string> environment(const std::string& name) {
  if (name == "SET") return "value";
  return std::nullopt;
}

void check(const Error& error) {
  if (error.message.empty()) abort();
}

// Files that the words name are not this fuzzer's business.
bool names_a_file(const Invocation& invocation) {
  return invocation.has("env-file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool import = (data[0] & 1) != 0;
  const Command& command = import ? commands::image_import : commands::container_run;
  const auto words = words_of(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto invocation = parse(command, words);
  if (!invocation) {
    check(invocation.error());
    return 0;
  }
  if (!check_arguments(*invocation)) return 0;
  if (import) {
    const auto config = image_config(*invocation, environment);
    if (config) {
      (void)config->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    } else {
      check(config.error());
    }
  } else if (!names_a_file(*invocation)) {
    const auto request = container_request(*invocation, environment);
    if (request && !request->contains("image")) abort();
    if (!request) check(request.error());
  }
  for (const std::string& word : words) {
    EnvironmentList list(environment);
    (void)list.add_file(word, "file");
    (void)parse_moment(word, "--since", {});
  }
  return 0;
}
