// systemd-resolved, told that a domain's names are known at the service's own resolver: one drop-in
// file per domain, the counterpart of macOS's /etc/resolver.
//
//     /etc/systemd/resolved.conf.d/bulkhead-test.conf
//         # Of the container service at /home/me/.local/share/bulkhead
//         [Resolve]
//         DNS=127.0.0.1:2053
//         Domains=~test
//
// The folder is root's. Who may write there does it; who sits at a terminal is asked by sudo, for
// this one step; everybody else is shown the command. A file that names another service is left
// alone: two services may have a domain of the same name, and the port only one of them.
//
// BULKHEAD_RESOLVED_DIR names another folder, or, empty, says that there is no systemd-resolved.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "command/context.hpp"

namespace bulkhead::cli {

struct ResolvedDomain {
  std::string domain;   // small letters, digits, '-', '_' and '.'
  std::string address;  // "127.0.0.1:2053"
  std::string owner;    // the service's folder
};

class Resolved {
 public:
  struct Surroundings {
    std::string folder;  // of the drop-ins; empty: there is no systemd-resolved
    bool may_write = false;
    bool may_ask = false;  // for privilege: somebody is at the terminal
    std::function<Status(const std::string& script)> run;
    std::function<void(const std::string& text)> announce;  // before sudo asks: what for
  };
  explicit Resolved(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
  static Surroundings surroundings_of(Context& context);

  bool exists() const { return !surroundings_.folder.empty(); }
  // What is left for the user to do, in whole lines; empty if nothing is.
  std::string add(const ResolvedDomain& domain) const;
  std::string remove(const ResolvedDomain& domain) const;

 private:
  std::string file_of(const std::string& domain) const;
  std::string carry_out(const std::string& script, std::string_view purpose) const;

  Surroundings surroundings_;
};

}  // namespace bulkhead::cli
