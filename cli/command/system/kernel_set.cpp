// system kernel set: the kernel of new containers, from a file, from an archive, or back to the one
// built with this version.
//
// The service reads the file from our descriptor; --digest is checked there. What would have to be
// fetched is refused: nothing here speaks to the net.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/image/archive.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "options/platform.hpp"

namespace bulkhead::cli {

namespace {

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

// Refuses mixtures that have no meaning before anything is opened.
Status check(const Invocation& invocation) {
  const auto tar = invocation.value("tar");
  if (invocation.has("recommended")) return {};
  if (!tar && !invocation.has("binary")) {
    return usage("nothing to set: give --binary, --tar with --binary, or --recommended");
  }
  if (tar && is_url(*tar)) {
    return fail(
        Code::kUnsupported,
        "--tar " + *tar + " would have to be fetched; fetching is not available in this version",
        "Fetch the archive yourself and name the file.");
  }
  if (tar && !invocation.has("binary") && !invocation.has("member")) {
    return usage("--tar needs --binary: the kernel's path inside the archive");
  }
  return {};
}

Query common_query(const Invocation& invocation) {
  Query query;
  query.add_if(invocation.has("force"), "force", "1");
  if (const auto arch = invocation.value("arch")) query.add("arch", oci_architecture(*arch));
  if (const auto digest = invocation.value("digest")) query.add("digest", *digest);
  return query;
}

Result<int> run(Context& context, const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return fail(std::move(ok.error()));
  Query query = common_query(invocation);
  if (invocation.has("recommended")) {
    query.add("source", "recommended");
    const auto set = context.api().send({"PUT", "/v1/system/kernel" + query.text()});
    if (!set) return fail(set.error());
    return 0;
  }
  const auto tar = invocation.value("tar");
  const auto archive = open_archive(context, tar ? *tar : *invocation.value("binary"));
  if (!archive) return fail(archive.error());
  query.add("source", tar ? "tar" : "binary");
  std::string name = archive->name;
  if (tar) {
    auto member = invocation.value("member");
    if (!member) member = invocation.value("binary");
    query.add("member", *member);
    name = member->substr(member->rfind('/') + 1);
  }
  query.add("name", name);
  Request request{"PUT", "/v1/system/kernel" + query.text()};
  request.descriptor = archive->descriptor;
  const auto set = context.api().send(request);
  if (!set) return fail(set.error());
  return 0;
}

constexpr Option kOptions[] = {
    {.names = "--arch",
     .value = "<arch>",
     .help = "Architecture of the kernel; the host's by default",
     .choices = "amd64|arm64|x86_64|aarch64"},
    {.names = "--binary",
     .value = "<path>",
     .help = "Kernel file, or with --tar its path inside the archive",
     .completes = Completes::kFile},
    {.names = "--digest", .value = "<sha256:hex>", .help = "Digest that the file must have"},
    {.names = "--force", .help = "Replace a kernel of the same name"},
    {.names = "--member",
     .value = "<path>",
     .help = "The kernel's path inside the archive; the same as --binary beside --tar"},
    {.names = "--recommended", .help = "Go back to the kernel built with this version"},
    {.names = "--tar",
     .value = "<path>",
     .help = "Archive that contains the kernel",
     .completes = Completes::kFile},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_kernel_set = {
    .name = "set",
    .summary = "Set the kernel of new containers",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
