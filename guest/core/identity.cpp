#include "guest/core/identity.hpp"

#include <charconv>
#include <optional>

namespace bulkhead::guest {
namespace {

// Ids are unsigned 32-bit; the highest is -1, which the system calls take for "leave as it is".
std::optional<uint32_t> parse_id(std::string_view text) {
  uint32_t id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id == UINT32_MAX)
    return std::nullopt;
  return id;
}

// Takes what stands before the next separator off the front.
std::string_view next(std::string_view& rest, char separator) {
  size_t end = rest.find(separator);
  std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return field;
}

struct User {
  std::string_view name, home;
  uid_t uid;
  gid_t gid;
};

struct Group {
  std::string_view name, members;
  gid_t gid;
};

// name:password:uid:gid:comment:home:shell
std::optional<User> parse_user(std::string_view line) {
  std::string_view name = next(line, ':');
  next(line, ':');
  auto uid = parse_id(next(line, ':'));
  auto gid = parse_id(next(line, ':'));
  next(line, ':');
  std::string_view home = next(line, ':');
  if (name.empty() || !uid || !gid) return std::nullopt;
  return User{name, home, *uid, *gid};
}

// name:password:gid:member,member
std::optional<Group> parse_group(std::string_view line) {
  std::string_view name = next(line, ':');
  next(line, ':');
  auto gid = parse_id(next(line, ':'));
  if (name.empty() || !gid) return std::nullopt;
  return Group{name, line, *gid};
}

// A name wins over a number: an image may have a user called "1000".
std::optional<User> find_user(std::string_view passwd, std::string_view wanted,
                              std::optional<uint32_t> number) {
  std::optional<User> by_number;
  while (!passwd.empty()) {
    auto user = parse_user(next(passwd, '\n'));
    if (!user) continue;
    if (user->name == wanted) return user;
    if (!by_number && number && user->uid == *number) by_number = user;
  }
  return by_number;
}

std::optional<gid_t> find_group(std::string_view file, std::string_view wanted) {
  while (!file.empty()) {
    auto group = parse_group(next(file, '\n'));
    if (group && group->name == wanted) return group->gid;
  }
  return parse_id(wanted);
}

std::vector<gid_t> memberships(std::string_view file, std::string_view user) {
  std::vector<gid_t> gids;
  while (!file.empty()) {
    auto group = parse_group(next(file, '\n'));
    if (!group) continue;
    while (!group->members.empty()) {
      if (next(group->members, ',') != user) continue;
      gids.push_back(group->gid);
      break;
    }
  }
  return gids;
}

}  // namespace

Result<Identity> resolve_identity(std::string_view user, std::string_view passwd,
                                  std::string_view group) {
  std::string_view group_name = user;
  std::string_view user_name = next(group_name, ':');
  if (user_name.empty()) user_name = "0";

  Identity identity;
  auto number = parse_id(user_name);
  auto found = find_user(passwd, user_name, number);
  if (found) {
    identity.uid = found->uid;
    identity.gid = found->gid;
    if (!found->home.empty()) identity.home = found->home;
  } else if (number) {
    identity.uid = *number;
  } else {
    return fail(Code::kInvalid,
                "no user " + std::string(user_name) + " in the image's /etc/passwd");
  }
  if (group_name.empty()) {
    if (found) identity.groups = memberships(group, found->name);
    return identity;
  }
  auto gid = find_group(group, group_name);
  if (!gid) {
    return fail(Code::kInvalid,
                "no group " + std::string(group_name) + " in the image's /etc/group");
  }
  identity.gid = *gid;
  return identity;
}

}  // namespace bulkhead::guest
