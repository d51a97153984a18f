#include "member_name.hpp"

#include "bulkhead/printable.hpp"

namespace bulkhead::storage {
namespace {

// Calls visit(component) for each part between slashes that isn't empty or "."; stops at the first
// failure.
template <class Visit>
Status for_each_component(std::string_view path, Visit visit) {
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part.size() > kNameMax) {
      return fail(Code::kCorrupt, "a component of its name is longer than 255 bytes");
    }
    if (Status status = visit(part); !status) return status;
  }
  return {};
}

bool only_slashes(std::string_view name) {
  return name.find_first_not_of('/') == std::string_view::npos;
}

}  // namespace

Result<Components> split_member_name(std::string_view name) {
  if (name.empty()) return fail(Code::kCorrupt, "it has no name");
  if (name.size() >= kPathMax) return fail(Code::kCorrupt, "its name is longer than 4095 bytes");
  if (only_slashes(name)) return Components{};
  if (name.front() == '/') return fail(Code::kCorrupt, "its name is absolute");
  Components parts;
  Status split = for_each_component(name, [&](std::string_view part) -> Status {
    if (part == "..") return fail(Code::kCorrupt, "its name contains '..'");
    parts.push_back(part);
    return {};
  });
  if (!split) return tl::unexpected(std::move(split.error()));
  return parts;
}

Result<Components> resolve_link(const Components& name, std::string_view target) {
  Components at;
  if (target.empty()) return fail(Code::kCorrupt, "it is a link to nothing");
  if (target.size() >= kPathMax)
    return fail(Code::kCorrupt, "its link target is longer than 4095 bytes");
  if (target.front() != '/' && !name.empty()) at.assign(name.begin(), name.end() - 1);
  Status walked = for_each_component(target, [&](std::string_view part) -> Status {
    if (part != "..") {
      at.push_back(part);
    } else if (at.empty()) {
      return fail(Code::kCorrupt, "it links out of the tree, to " + in_quotes(target));
    } else {
      at.pop_back();
    }
    return {};
  });
  if (!walked) return tl::unexpected(std::move(walked.error()));
  return at;
}

std::string joined(const Components& components) {
  std::string path;
  for (const std::string_view part : components) {
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

}  // namespace bulkhead::storage
