// A password or token. It can't be printed by accident: there is no conversion to text but
// reveal(), which is easy to search for. Its memory is wiped when it goes, so that a core dump or a
// page of swap has it only while it is needed. That holds for this object and no other: what a
// parser, libcurl or a keyring's library copies on the way is theirs.
#pragma once

#include <string>
#include <utility>

namespace bulkhead::registry {

void wipe(std::string& text);  // leaves it empty

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) { text_.swap(text); }
  Secret(const Secret&) = default;
  // By exchange: what a short string leaves behind in its place is wiped with the other.
  Secret(Secret&& other) noexcept { text_.swap(other.text_); }
  Secret& operator=(Secret other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  ~Secret() { wipe(text_); }

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

struct Credential {
  std::string username;
  Secret password;
  // The password is a token that the registry gave for a login elsewhere: it is exchanged at the
  // token service (grant "refresh_token") and is of no use as a password.
  bool is_identity_token = false;

  bool operator==(const Credential&) const = default;
};

// A login that we keep, as it is listed. Times are RFC 3339 in UTC, whole seconds; a text compare
// is therefore a compare in time.
struct Login {
  std::string server;
  std::string username;
  std::string created_at;
  std::string modified_at;

  bool operator==(const Login&) const = default;
};

struct KeptLogin {
  Login login;
  Credential credential;
};

}  // namespace bulkhead::registry
