// Questions that the network can't answer, asked of the host's name servers: each from a socket and
// so a port of its own, under a random id, one server after the other. By UDP what came by UDP, by
// TCP what came by TCP: a client whose answer is too long asks again by TCP, and so do we.
//
// Bounded: beyond kMost questions at once the oldest gets no answer any more.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "dns_message.hpp"
#include "poll_set.hpp"
#include "recent_flows.hpp"
#include "resolv_conf.hpp"

namespace bulkhead::network::dns {

class Forwarder {
 public:
  static constexpr std::size_t kMost = 512;
  static constexpr Milliseconds kPatience{2'000};  // with each server
  static constexpr int kRounds = 2;

  // The answer under the question's own id, or SERVFAIL.
  using Done = std::function<void(std::vector<uint8_t>)>;
  // `port`: of the servers; tests have their own.
  explicit Forwarder(std::string resolv_conf, uint16_t port = 53)
      : resolv_conf_(std::move(resolv_conf)), port_(port) {}

  void ask(Bytes question, const Query& query, bool tcp, Milliseconds now, Done done);

  void fill(PollSet& set, Milliseconds now);
  void handle(const PollSet& set, Milliseconds now);

 private:
  struct Question {
    std::vector<uint8_t> bytes;  // under our id
    Query query;
    uint16_t id = 0;
    bool tcp = false;
    Done done;
    std::size_t tries = 0;
    std::vector<std::string> servers;
    UniqueFd fd;
    Milliseconds deadline{};
    int place = -1;
    std::vector<uint8_t> to_send;   // TCP
    std::vector<uint8_t> received;  // TCP
    bool over = false;
  };
  bool next_server(Question& question, Milliseconds now);
  void receive(Question& question, Milliseconds now);
  void receive_tcp(Question& question, Milliseconds now);
  void answer(Question& question, Bytes message);
  void give_up(Question& question);

  ResolvConf resolv_conf_;
  uint16_t port_;
  std::list<Question> questions_;
};

}  // namespace bulkhead::network::dns
