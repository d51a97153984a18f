// Our own store where no Secret Service answers: two files in a directory that is ours alone.
//
//     credentials.enc   the logins, sealed as sealed.hpp says; within, JSON:
//                       {"logins": [{"server", "username", "password", "identityToken",
//                                    "createdAt", "modifiedAt"}]}
//     credentials.key   the key, 32 random bytes, made with the first login
//
// Both are 0600 in a directory of 0700, and refused when others may read them. Writers of all
// processes take turns by a lock on the directory; a reader needs none, because a file is replaced
// as a whole. A file that can't be opened is an error that says so, and stays: what is in it may be
// somebody's only copy.
//
// What this protects from: a copy of one of the files without the other (a backup that leaves out
// *.key, a file sent along by mistake), passwords found by a search through the disk's text, and a
// change that goes unnoticed. What it doesn't: whoever can read both files (the user's other
// programs, root, a copy of the whole directory) has the passwords, and whoever can write may put
// back an old pair. Against those, only a keyring helps that opens with the user's own password.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "secret.hpp"

namespace bulkhead::registry {

class CredentialFile {
 public:
  explicit CredentialFile(std::string root) : root_(std::move(root)) {}

  Result<std::optional<KeptLogin>> find(const std::string& server) const;
  // Replaces the login to the server; its time of creation stays.
  Status keep(const std::string& server, const Credential& credential) const;
  Result<bool> forget(const std::string& server) const;
  Result<std::vector<Login>> list() const;

 private:
  std::string sealed() const { return root_ + "/credentials.enc"; }
  std::string key() const { return root_ + "/credentials.key"; }
  Result<std::vector<KeptLogin>> read() const;
  Status write(const std::vector<KeptLogin>& logins) const;
  Result<std::optional<Secret>> read_key() const;
  Result<std::optional<Secret>> make_key() const;

  std::string root_;
};

// The text within the seal, by itself because it is a parser: the key proves who wrote it, not that
// they wrote it well.
Result<std::vector<KeptLogin>> parse_logins(std::string_view text);

// Now, or this many seconds after 1970, as Login has it.
std::string utc_text(int64_t seconds);
std::string utc_now();

}  // namespace bulkhead::registry
