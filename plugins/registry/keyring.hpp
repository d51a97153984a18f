// Logins in the desktop's keyring, by the Secret Service protocol over D-Bus: gnome-keyring,
// KWallet, KeePassXC.
//
//     schema      org.bulkhead.registry
//     attributes  server, username, kind ("password" or "identity-token")
//     secret      the password or token
//     times       those that the service itself keeps
//
// A service has nobody in front of it who could answer a prompt, and pulls wait for it. So nothing
// here unlocks, creates a keyring, or starts a bus, and everything has ended after two seconds. An
// error means that the keyring can't be used now: kNotFound if there is none (the normal case on a
// server), kDenied if it is locked, kTimeout if it was silent; then it isn't asked again for a
// minute. Safe to call from any thread; calls take turns.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "secret.hpp"

namespace bulkhead::registry {

class Keyring {
 public:
  // Of several logins to one server, which other programs may have made, the newest.
  Result<std::optional<KeptLogin>> find(const std::string& server);
  // Replaces all logins to the server.
  Status keep(const std::string& server, const Credential& credential);
  Result<bool> forget(const std::string& server);
  Result<std::vector<Login>> list();

 private:
  // Runs the work with an open session, if there is one to be had.
  template <class T, class Work>
  Result<T> ask(const Work& work);

  std::mutex mutex_;
  std::chrono::steady_clock::time_point silent_until_;
};

}  // namespace bulkhead::registry
