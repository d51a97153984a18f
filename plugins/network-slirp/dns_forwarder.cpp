#include "dns_forwarder.hpp"

namespace bulkhead::net {
namespace {

constexpr size_t kUdpAnswer = 512;

bool is_unhappy(Bytes answer) {
  const int rcode = answer[3] & 15;
  return rcode == kServFail || rcode == kRefused || rcode == kNotImp;
}

Buffer failure(const DnsQuery& query) {
  return build_dns_answer(query, kServFail, false, {}, kUdpAnswer);
}

}  // namespace

DnsForwarder::DnsForwarder(loop::Loop& loop, std::string resolv_conf, uint16_t port)
    : loop_(loop), resolv_conf_(std::move(resolv_conf)), port_(port) {}

void DnsForwarder::forward(const Ip& asker, const DnsQuery& query, Bytes message, Done done) {
  size_t& count = askers_[asker];
  if (open_.size() >= kMost || count >= kMostPerAsker) return done(failure(query));
  count++;
  Inquiry inquiry{asker, query, Buffer(message.begin(), message.end()), std::move(done), {},
                  {},    {}};
  inquiry.left = resolv_conf_.resolvers();
  if (inquiry.left.size() == 1) inquiry.left.push_back(inquiry.left.front());
  const uint64_t number = next_++;
  open_.emplace(number, std::move(inquiry));
  ask_next(number);
}

void DnsForwarder::ask_next(uint64_t number) {
  Inquiry& inquiry = open_.at(number);
  if (inquiry.left.empty()) {
    Buffer answer = std::move(inquiry.unhappy);
    return finish(number, answer.empty() ? failure(inquiry.query) : std::move(answer));
  }
  const Resolver resolver = inquiry.left.front();
  inquiry.left.erase(inquiry.left.begin());
  inquiry.exchange = std::make_unique<DnsExchange>(
      loop_, resolver, port_, inquiry.query, inquiry.message,
      [this, number](Buffer answer) { answered(number, std::move(answer)); });
  inquiry.exchange->start();
}

void DnsForwarder::answered(uint64_t number, Buffer answer) {
  Inquiry& inquiry = open_.at(number);
  if (answer.empty()) return ask_next(number);
  write16(answer, 0, inquiry.query.id);
  if (is_unhappy(answer)) {
    inquiry.unhappy = std::move(answer);
    return ask_next(number);
  }
  finish(number, std::move(answer));
}

void DnsForwarder::finish(uint64_t number, Buffer answer) {
  const auto found = open_.find(number);
  const Inquiry inquiry = std::move(found->second);
  open_.erase(found);
  const auto asker = askers_.find(inquiry.asker);
  if (asker != askers_.end() && --asker->second == 0) askers_.erase(asker);
  inquiry.done(std::move(answer));
}

}  // namespace bulkhead::net
