#include "client/exchange.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <span>

#include "bulkhead/fd_message.hpp"
#include "bulkhead/version.hpp"

namespace bulkhead::cli {

namespace {

constexpr size_t kLargestBody = 256UL << 20;

}  // namespace

std::string to_wire(const Request& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\n";
  text += "User-Agent: container/" + std::string(kVersion) + "\r\n";
  if (request.descriptor >= 0) text += "Bulkhead-Fd: 1\r\n";
  if (request.upgrade) {
    text += "Connection: Upgrade\r\nUpgrade: bulkhead-stream\r\n";
  } else {
    text += "Connection: close\r\n";
  }
  if (!request.body.empty()) text += "Content-Type: application/json\r\n";
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

Result<Exchange> Exchange::begin(UniqueFd socket, const Request& request) {
  Exchange exchange(std::move(socket));
  const std::string wire = to_wire(request);
  const std::span<const int> descriptors(&request.descriptor, request.descriptor >= 0 ? 1 : 0);
  const auto sent = send_all(exchange.socket_.get(), wire.data(), wire.size(), descriptors);
  // The service may have answered before it had read everything: that says more.
  if (!sent && !exchange.is_answered())
    return fail(Error(sent.error()).context("send the request to the service"));
  return exchange;
}

bool Exchange::is_answered() const {
  char first = 0;
  return recv(socket_.get(), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

Status Exchange::read_more(const Wait& wait) {
  if (wait) {
    if (auto ready = wait(socket_.get()); !ready) return ready;
  }
  char piece[65536];
  ssize_t count = 0;
  do {
    count = recv(socket_.get(), piece, sizeof piece, 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return fail_errno("the connection to the service was lost", errno);
  if (count == 0) return parser_.end();
  unparsed_.append(piece, static_cast<size_t>(count));
  return {};
}

Status Exchange::read_head(const Wait& wait) {
  while (!parser_.head_done()) {
    if (auto more = read_more(wait); !more) return more;
    const auto used = parser_.feed(unparsed_);
    if (!used) return fail(used.error());
    unparsed_.erase(0, *used);
  }
  return {};
}

Result<std::string> Exchange::read_piece(const Wait& wait) {
  while (true) {
    if (!unparsed_.empty() && !parser_.done()) {
      const auto used = parser_.feed(unparsed_);
      if (!used) return fail(used.error());
      unparsed_.erase(0, *used);
    }
    std::string piece = parser_.take_body();
    if (!piece.empty() || parser_.done()) return piece;
    if (auto more = read_more(wait); !more) return fail(std::move(more.error()));
  }
}

Result<std::string> Exchange::read_body() {
  std::string body;
  while (true) {
    auto piece = read_piece();
    if (!piece) return piece;
    if (piece->empty()) return body;
    body += *piece;
    if (body.size() > kLargestBody) {
      return fail(Code::kInternal, "the service's answer is larger than 256 MiB");
    }
  }
}

std::pair<UniqueFd, std::string> Exchange::take_connection() {
  return {std::move(socket_), std::move(unparsed_)};
}

}  // namespace bulkhead::cli
