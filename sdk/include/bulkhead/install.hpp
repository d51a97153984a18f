// Finding the other programs of this installation from the one that runs.
//
//     <prefix>/bin/container
//     <prefix>/libexec/bulkhead/container-apiserver, container-plugin-host
//     <prefix>/libexec/bulkhead/plugins/*.so
//     <prefix>/share/bulkhead/vmlinux, initramfs.cpio
//
// The build tree has the same shape, and an installed tree may be moved as a whole: no path is
// compiled in, only the shape. The prefix is the nearest ancestor of the running program that has a
// libexec/bulkhead.
#pragma once

#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead {

struct Install {
  std::string prefix;

  std::string command() const { return prefix + "/bin/container"; }
  std::string daemon() const;
  std::string plugin_host() const;
  std::string plugins() const;  // the directory
  std::string share() const;    // the directory
};

Result<Install> find_install();

// For a program at this absolute path.
Result<Install> install_of(const std::string& program);

}  // namespace bulkhead
