#include "options/publish_socket.hpp"

#include <sys/un.h>

#include "command/table.hpp"
#include "options/host_path.hpp"

namespace bulkhead::cli {

namespace {

Failure refuse(const std::string& text, const std::string& why) {
  return usage("--publish-socket '" + text + "' " + why);
}

// With the zero byte behind it.
constexpr size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

Result<PublishedSocket> parse_publish_socket(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size() ||
      text.find(':', colon + 1) != std::string::npos) {
    return refuse(text, "is not of the form host-path:container-path");
  }
  PublishedSocket socket;
  socket.container_path = text.substr(colon + 1);
  if (socket.container_path.front() != '/') {
    return refuse(text, "names '" + socket.container_path + "', which is not an absolute path");
  }
  auto host_path = parse_host_path(text.substr(0, colon), "--publish-socket");
  if (!host_path) return fail(std::move(host_path.error()));
  socket.host_path = std::move(*host_path);
  for (const std::string& path : {socket.host_path, socket.container_path}) {
    if (path.ends_with('/')) return refuse(text, "names the folder " + path);
    if (path.size() > kLongestPath) {
      return refuse(text, "names a path of " + std::to_string(path.size()) +
                              " bytes, and a socket's has at most " + std::to_string(kLongestPath) +
                              ": " + path);
    }
  }
  return socket;
}

Result<std::vector<PublishedSocket>> parse_published_sockets(
    const std::vector<std::string>& texts) {
  std::vector<PublishedSocket> sockets;
  for (const std::string& text : texts) {
    auto socket = parse_publish_socket(text);
    if (!socket) return fail(std::move(socket.error()));
    for (const PublishedSocket& other : sockets) {
      if (other.host_path == socket->host_path) {
        return usage("--publish-socket: " + socket->host_path + " is given twice");
      }
    }
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

}  // namespace bulkhead::cli
