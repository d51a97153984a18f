// A service of canned answers on a Unix socket: each connection's request is recorded and answered
// by the first rule whose beginning fits ("GET /v1/containers"). An answer may be a function that
// gets the connection, for streams and upgrades.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bulkhead/unique_fd.hpp"

namespace bulkhead::cli::testing {

struct Received {
  std::string head;  // request line and header fields
  std::string body;
  std::vector<UniqueFd> descriptors;

  std::string line() const { return head.substr(0, head.find('\r')); }
};

class FakeService {
 public:
  using Conversation = std::function<void(int connection, const Received& request)>;

  FakeService();
  ~FakeService();

  const std::string& socket() const { return socket_; }
  void answer(std::string beginning, int status, std::string json);
  void converse(std::string beginning, Conversation conversation);

  // The request lines so far, and one request in full.
  std::vector<std::string> lines();
  std::string body_of(const std::string& beginning);
  std::string head_of(const std::string& beginning);
  // What could be read from the descriptor that came with the request.
  std::string descriptor_content(const std::string& beginning);

 private:
  struct Rule {
    std::string beginning;
    Conversation conversation;
  };

  void serve();
  void handle(UniqueFd connection);
  const Received* find(const std::string& beginning);

  std::string folder_;
  std::string socket_;
  UniqueFd listener_;
  UniqueFd stop_read_, stop_write_;
  std::mutex mutex_;
  std::vector<Rule> rules_;
  std::vector<Received> received_;
  std::vector<std::thread> conversations_;
  std::thread thread_;
};

// "HTTP/1.1 200 OK" with a length and this JSON.
std::string http_answer(int status, const std::string& json);

void send_bytes(int fd, const std::string& bytes);

}  // namespace bulkhead::cli::testing
