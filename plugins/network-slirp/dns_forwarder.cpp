#include "dns_forwarder.hpp"

#include <netdb.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <cerrno>

namespace bulkhead::network::dns {
namespace {

constexpr std::size_t kLongestMessage = 65535;

uint16_t random_id() {
  uint16_t id = 0;
  [[maybe_unused]] ssize_t got = getrandom(&id, sizeof id, 0);
  return id;
}

UniqueFd connected(const std::string& server, uint16_t port, bool tcp) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;  // never a question itself
  hints.ai_socktype = tcp ? SOCK_STREAM : SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(server.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return {};
  UniqueFd fd(socket(found->ai_family, hints.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  bool good =
      fd && (connect(fd.get(), found->ai_addr, found->ai_addrlen) == 0 || errno == EINPROGRESS);
  freeaddrinfo(found);
  return good ? std::move(fd) : UniqueFd();
}

}  // namespace

void Forwarder::ask(Bytes question, const Query& query, bool tcp, Milliseconds now, Done done) {
  if (questions_.size() >= kMost) questions_.pop_front();
  Question& asked = questions_.emplace_back();
  asked.bytes.assign(question.begin(), question.end());
  asked.query = query;
  asked.id = random_id();
  write16(asked.bytes.data(), asked.id);
  asked.tcp = tcp;
  asked.done = std::move(done);
  asked.servers = resolv_conf_.nameservers();
  if (!next_server(asked, now)) give_up(asked);
}

bool Forwarder::next_server(Question& question, Milliseconds now) {
  while (question.tries < question.servers.size() * kRounds) {
    const std::string& server = question.servers[question.tries++ % question.servers.size()];
    question.fd = connected(server, port_, question.tcp);
    if (!question.fd) continue;
    question.deadline = now + kPatience;
    question.received.clear();
    if (question.tcp) {
      question.to_send = {static_cast<uint8_t>(question.bytes.size() >> 8),
                          static_cast<uint8_t>(question.bytes.size())};
      question.to_send.insert(question.to_send.end(), question.bytes.begin(), question.bytes.end());
      return true;
    }
    if (send(question.fd.get(), question.bytes.data(), question.bytes.size(), MSG_NOSIGNAL) >= 0)
      return true;
  }
  return false;
}

void Forwarder::give_up(Question& question) {
  Answer failure;
  failure.code = Code::kFailure;
  answer(question, write_answer(question.bytes, question.query, failure, kPlainUdp));
}

void Forwarder::answer(Question& question, Bytes message) {
  question.over = true;
  question.fd.reset();
  std::vector<uint8_t> bytes(message.begin(), message.end());
  write16(bytes.data(), question.query.id);
  question.done(std::move(bytes));
}

void Forwarder::fill(PollSet& set, Milliseconds now) {
  for (Question& question : questions_) {
    question.place = -1;
    if (!question.fd) continue;
    question.place = set.add(question.fd.get(), question.to_send.empty() ? POLLIN : POLLOUT);
    set.at_most((question.deadline - now).count() + 1);
  }
}

void Forwarder::handle(const PollSet& set, Milliseconds now) {
  // What is asked meanwhile has no place yet.
  for (auto& question : questions_) {
    if (question.over || question.place < 0) continue;
    if (set.events(question.place) != 0)
      receive(question, now);
    else if (now >= question.deadline && !next_server(question, now))
      give_up(question);
  }
  questions_.remove_if([](const Question& question) { return question.over; });
}

void Forwarder::receive(Question& question, Milliseconds now) {
  if (question.tcp) return receive_tcp(question, now);
  uint8_t buffer[kLongestMessage];
  ssize_t got = recv(question.fd.get(), buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) {  // nobody listens there
    if (!next_server(question, now)) give_up(question);
    return;
  }
  Bytes message(buffer, std::size_t(got));
  // Anything else is somebody's guess, and the right one may still come.
  if (answers(message, question.id, question.bytes, question.query)) answer(question, message);
}

void Forwarder::receive_tcp(Question& question, Milliseconds now) {
  auto other = [&] {
    if (!next_server(question, now)) give_up(question);
  };
  if (!question.to_send.empty()) {
    ssize_t sent =
        send(question.fd.get(), question.to_send.data(), question.to_send.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return other();
    if (sent > 0) question.to_send.erase(question.to_send.begin(), question.to_send.begin() + sent);
    return;
  }
  uint8_t buffer[16384];
  ssize_t got = recv(question.fd.get(), buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return other();
  question.received.insert(question.received.end(), buffer, buffer + got);
  if (question.received.size() < 2) return;
  std::size_t length = read16(question.received.data());
  if (question.received.size() < length + 2) return;
  Bytes message = Bytes(question.received).subspan(2, length);
  if (!answers(message, question.id, question.bytes, question.query)) return other();
  std::vector<uint8_t> copy(message.begin(), message.end());
  answer(question, copy);
}

}  // namespace bulkhead::network::dns
