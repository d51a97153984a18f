#include "support/fake_service.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "bulkhead/fd_message.hpp"
#include "bulkhead/unix_socket.hpp"

namespace bulkhead::cli::testing {

namespace {

std::string field(const std::string& head, const std::string& name) {
  const size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

// The whole request, and the descriptors that came with it.
Received read_request(int connection) {
  Received request;
  std::string text;
  size_t end = std::string::npos;
  size_t length = 0;
  while (end == std::string::npos || text.size() < end + 4 + length) {
    char piece[4096];
    const auto count = receive_message(connection, piece, sizeof piece, request.descriptors);
    if (!count || *count == 0) break;
    text.append(piece, *count);
    end = text.find("\r\n\r\n");
    if (end != std::string::npos)
      length = static_cast<size_t>(atol(field(text, "Content-Length").c_str()));
  }
  if (end == std::string::npos) return request;
  request.head = text.substr(0, end + 2);
  request.body = text.substr(end + 4);
  return request;
}

}  // namespace

std::string http_answer(int status, const std::string& json) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Status\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(json.size()) + "\r\nConnection: close\r\n\r\n" + json;
}

void send_bytes(int fd, const std::string& bytes) {
  (void)send_all(fd, bytes.data(), bytes.size());
}

FakeService::FakeService() {
  char folder[] = "/tmp/bulkhead-cli-test-XXXXXX";
  folder_ = mkdtemp(folder);
  socket_ = folder_ + "/api.sock";
  listener_ = std::move(*listen_unix(socket_));
  int ends[2];
  if (pipe(ends) == 0) {
    stop_read_.reset(ends[0]);
    stop_write_.reset(ends[1]);
  }
  thread_ = std::thread([this] { serve(); });
}

FakeService::~FakeService() {
  stop_write_.reset();
  thread_.join();
  for (auto& each : conversations_) each.join();
  std::filesystem::remove_all(folder_);
}

void FakeService::answer(std::string beginning, int status, std::string json) {
  converse(std::move(beginning), [status, json = std::move(json)](int connection, const Received&) {
    send_bytes(connection, http_answer(status, json));
  });
}

void FakeService::converse(std::string beginning, Conversation conversation) {
  const std::lock_guard lock(mutex_);
  rules_.push_back({std::move(beginning), std::move(conversation)});
}

void FakeService::serve() {
  while (true) {
    pollfd waiting[] = {{listener_.get(), POLLIN, 0}, {stop_read_.get(), POLLIN, 0}};
    poll(waiting, 2, -1);
    if (waiting[1].revents != 0) return;
    const int connection = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    const int flags = fcntl(connection, F_GETFL);
    fcntl(connection, F_SETFL, flags & ~O_NONBLOCK);
    conversations_.emplace_back([this, connection] { handle(UniqueFd(connection)); });
  }
}

void FakeService::handle(UniqueFd connection) {
  Received request = read_request(connection.get());
  if (request.head.empty()) return;
  Conversation conversation;
  Received copy;
  copy.head = request.head;
  copy.body = request.body;
  {
    const std::lock_guard lock(mutex_);
    for (const Rule& rule : rules_) {
      if (request.head.starts_with(rule.beginning)) {
        conversation = rule.conversation;
        break;
      }
    }
    received_.push_back(std::move(request));
  }
  if (conversation) {
    conversation(connection.get(), copy);
  } else {
    send_bytes(connection.get(), http_answer(404, R"({"detail": "no rule", "code": 3})"));
  }
}

const Received* FakeService::find(const std::string& beginning) {
  for (const Received& request : received_) {
    if (request.head.starts_with(beginning)) return &request;
  }
  return nullptr;
}

std::vector<std::string> FakeService::lines() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const Received& request : received_) {
    const std::string line = request.line();
    lines.push_back(line.substr(0, line.rfind(' ')));
  }
  return lines;
}

std::string FakeService::body_of(const std::string& beginning) {
  const std::lock_guard lock(mutex_);
  const Received* request = find(beginning);
  return request == nullptr ? "" : request->body;
}

std::string FakeService::head_of(const std::string& beginning) {
  const std::lock_guard lock(mutex_);
  const Received* request = find(beginning);
  return request == nullptr ? "" : request->head;
}

std::string FakeService::descriptor_content(const std::string& beginning) {
  const std::lock_guard lock(mutex_);
  const Received* request = find(beginning);
  if (request == nullptr || request->descriptors.empty()) return "no descriptor";
  std::string text;
  char piece[4096];
  ssize_t count = 0;
  while ((count = read(request->descriptors[0].get(), piece, sizeof piece)) > 0) {
    text.append(piece, static_cast<size_t>(count));
  }
  return text;
}

}  // namespace bulkhead::cli::testing
