#include "command/container/creation.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "command/container/image_here.hpp"
#include "io/files.hpp"
#include "options/connections.hpp"
#include "render/field.hpp"
#include "terminal/interrupt.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// The file is made before the container, because a container without its file would be worse than a
// file too many.
struct IdFile {
  UniqueFd file;
  std::unique_ptr<UnfinishedFile> unfinished;
};

Result<std::optional<IdFile>> open_id_file(const Invocation& invocation) {
  const auto path = invocation.value("cidfile");
  if (!path) return std::optional<IdFile>();
  auto file = create_new_file(*path);
  if (!file) return fail(std::move(file.error()).context("--cidfile"));
  return std::optional(IdFile{std::move(*file), std::make_unique<UnfinishedFile>(*path)});
}

}  // namespace

Result<std::string> create_container(Context& context, const Invocation& invocation) {
  const auto request = container_request(invocation, context.environment);
  if (!request) return fail(request.error());
  if (invocation.has("ssh") && !ssh_agent_socket(context.environment)) {
    context.warn(
        "SSH_AUTH_SOCK is not set, so there is no SSH agent to forward; --ssh takes the one of "
        "whoever starts the container");
  }
  auto id_file = open_id_file(invocation);
  if (!id_file) return fail(std::move(id_file.error()));
  const auto created = create_with_image(context, invocation, *request);
  if (!created) return fail(created.error());
  for (const std::string& warning : texts_at(*created, "warnings")) context.warn(warning);
  std::string id = text_at(*created, "id");
  if (*id_file) {
    if (auto written = write_all((*id_file)->file.get(), id); !written) {
      return fail(std::move(written.error()).context("--cidfile"));
    }
    (*id_file)->unfinished->finished();
  }
  return id;
}

}  // namespace bulkhead::cli
