// container-plugin-host: maps one plugin and offers it to the daemon, which never maps foreign code
// itself.
//
//     container-plugin-host --plugin FILE.so --fd N
//         ends with the connection
//     container-plugin-host --plugin FILE.so --listen PATH [--fd N]
//         outlives it, and takes new ones at PATH
//     container-plugin-host --plugin FILE.so --describe
//         prints what the plugin says of itself
//
// There is one of these per running container, so it is kept small: one thread of its own, no
// iostreams, no locale. It is 0 when it ended as asked, 1 when it could not serve (its standard
// error and its hello say why), 64 for usage.
#include <fcntl.h>
#include <malloc.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "bulkhead/json.hpp"
#include "library.hpp"
#include "server.hpp"

namespace bulkhead::plugins {
namespace {

constexpr int kUsage = 64;

struct Arguments {
  std::string plugin;
  std::string listen;
  int fd = -1;
  bool describe = false;

  bool valid() const { return !plugin.empty() && (describe || !listen.empty() || fd >= 0); }
};

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; i++) {
    const std::string_view name = argv[i];
    if (name == "--describe") {
      arguments.describe = true;
      continue;
    }
    if (++i == argc) return false;
    const std::string_view value = argv[i];
    if (name == "--plugin") {
      arguments.plugin = value;
    } else if (name == "--listen") {
      arguments.listen = value;
    } else if (name == "--fd") {
      const auto end = value.data() + value.size();
      if (std::from_chars(value.data(), end, arguments.fd).ptr != end) return false;
    } else {
      return false;
    }
  }
  return arguments.valid();
}

void describe(const bh_entry& entry) {
  Json capabilities = Json::array();
  for (const char* const* name = entry.capabilities; *name != nullptr; name++) {
    capabilities.push_back(*name);
  }
  const Json all = {{"id", entry.id},
                    {"version", entry.version},
                    {"capabilities", capabilities},
                    {"abi", std::to_string(entry.major) + "." + std::to_string(entry.minor)}};
  std::printf("%s\n", dump_json(all).c_str());
}

int give_up(const Arguments& arguments, const Error& why) {
  std::fprintf(stderr, "container-plugin-host: %s\n", why.message.c_str());
  if (arguments.fd >= 0) refuse_plugin(arguments.fd, why);
  return 1;
}

int serve(const Arguments& arguments, const bh_entry& entry) {
  loop::Loop loop;
  HostServer server(loop, entry);
  if (auto created = server.create(); !created) return give_up(arguments, created.error());
  UniqueFd first(arguments.fd);
  if (first) ::fcntl(first.get(), F_SETFD, FD_CLOEXEC);
  // What goes wrong here has been told on the connection already.
  if (auto serving = server.serve(std::move(first), arguments.listen); !serving) {
    return give_up({}, serving.error());
  }
  loop.run();
  return 0;
}

int run(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(
        "usage: container-plugin-host --plugin FILE.so "
        "(--fd N | --listen PATH [--fd N] | --describe)\n",
        stderr);
    return kUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  // A few threads that allocate rarely: an arena for each would cost more memory than contention
  // time.
  ::mallopt(M_ARENA_MAX, 2);
  const auto entry = load_library(arguments.plugin);
  if (!entry) return give_up(arguments, entry.error());
  if (!arguments.describe) return serve(arguments, **entry);
  describe(**entry);
  return 0;
}

}  // namespace
}  // namespace bulkhead::plugins

int main(int argc, char** argv) {
  try {
    return bulkhead::plugins::run(argc, argv);
  } catch (const std::exception& thrown) {
    // The barrier: nothing of ours throws, but a library may run out of memory.
    std::fprintf(stderr, "container-plugin-host: %s\n", thrown.what());
    return 1;
  }
}
