// In the service's place for the tests of starting it: notes that it was started, waits long enough
// for another starter to come, then answers whatever is asked, until it is asked to stop. Files in
// its root change its mind: "fail" ends it at once, "silent" keeps it from listening.
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "bulkhead/paths.hpp"
#include "bulkhead/unix_socket.hpp"

namespace {

using namespace bulkhead;

// True if it was the request to stop.
bool answer(int connection) {
  std::string request;
  char piece[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = recv(connection, piece, sizeof piece, 0);
    if (count <= 0) return false;
    request.append(piece, static_cast<size_t>(count));
  }
  constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
  send(connection, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL);
  return request.find("/v1/system/stop") != std::string::npos;
}

}  // namespace

int main() {
  const auto paths = find_paths();
  if (!paths) return 1;
  const std::string root = paths->run.substr(0, paths->run.rfind('/'));
  std::ofstream(root + "/starts", std::ios::app) << "started\n";
  std::ofstream(root + "/session") << getsid(0) << "\n";
  if (std::filesystem::exists(root + "/fail")) {
    std::fputs(
        "2026-01-01T00:00:00Z info hello\n2026-01-01T00:00:00Z error the disk is on fire\nbye\n",
        stderr);
    return 3;
  }
  alarm(60);  // whatever happens to the test, this program ends
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  if (std::filesystem::exists(root + "/silent")) {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    return 0;
  }
  const auto listener = listen_unix(paths->socket());
  if (!listener) return 2;
  for (bool stopped = false; !stopped;) {
    const UniqueFd connection(accept(listener->get(), nullptr, nullptr));
    if (connection) stopped = answer(connection.get());
  }
  return 0;
}
