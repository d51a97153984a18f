// --publish-socket <host-path:container-path>: a Unix socket on the host that leads to one in the
// container. A relative host path is meant from the current directory; a colon in either is not
// possible.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

struct PublishedSocket {
  std::string host_path;
  std::string container_path;
};

Result<PublishedSocket> parse_publish_socket(const std::string& text);

// All of a command line's; two can't share a host path.
Result<std::vector<PublishedSocket>> parse_published_sockets(const std::vector<std::string>& texts);

}  // namespace bulkhead::cli
