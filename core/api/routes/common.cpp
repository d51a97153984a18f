#include <openssl/sha.h>

#include <chrono>

#include "bulkhead/json.hpp"
#include "model/views.hpp"
#include "routes.hpp"
#include "store/fold.hpp"

namespace bulkhead::api {

namespace {

// Of what makes two requests the same: method, target and body. A descriptor's bytes are not read.
std::string request_digest(const Exchange& exchange) {
  std::string text =
      exchange.head().method + "\n" + exchange.head().target + "\n" + dump_json(exchange.body());
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hex = "sha256:";
  for (unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

// Nothing is known of the future, and the present must not be taken for it.
Status check_past(const store::Reader& reader, const store::Until& until, const std::string& text) {
  using std::chrono::microseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  auto head = reader.head();
  if (!head) return bulkhead::fail(std::move(head.error()));
  if (until.seq.value_or(0) > *head)
    return bulkhead::fail(Code::kInvalid, "there is no event " + text + " yet",
                          "the last one is " + std::to_string(*head));
  if (until.at_us.value_or(0) > std::chrono::duration_cast<microseconds>(now).count())
    return bulkhead::fail(Code::kInvalid, text + " is in the future");
  return {};
}

}  // namespace

model::Origin origin_of(const Exchange& exchange) {
  std::string key(exchange.head().field("idempotency-key"));
  std::string request = key.empty() ? std::string() : request_digest(exchange);
  return {exchange.actor(), std::nullopt, std::move(key), std::move(request)};
}

engine::InterestPtr interest_of(const ExchangePtr& exchange) {
  auto interest = std::make_shared<engine::Interest>();
  exchange->on_closed([interest] { interest->lose(); });
  return interest;
}

void with_state(const ExchangePtr& exchange, engine::Engine& engine,
                std::function<Result<Json>(const model::State&)> view) {
  auto at = exchange->target().get("at");
  if (!at) return exchange->answer(view(engine.state()));
  auto result = std::make_shared<Result<Json>>(bulkhead::fail(Code::kInternal, "not folded"));
  engine.work(
      [path = engine.ledger().journal().path(), at = *at, view = std::move(view), result] {
        auto reader = store::Reader::open(path);
        if (!reader) return void(*result = bulkhead::fail(std::move(reader.error())));
        auto until = store::parse_until(*reader, at);
        if (!until) return void(*result = bulkhead::fail(std::move(until.error())));
        if (auto good = check_past(*reader, *until, at); !good)
          return void(*result = bulkhead::fail(std::move(good.error())));
        model::State past;
        if (auto folded = store::fold(*reader, past, *until); !folded)
          return void(*result = bulkhead::fail(std::move(folded.error())));
        *result = view(past);
      },
      [exchange, result] { exchange->answer(*result); });
}

std::string container_id(const ExchangePtr& exchange, engine::Engine& engine) {
  auto found = model::find_container(engine.state(), exchange->param("id"));
  if (found) return (*found)->id;
  exchange->fail(found.error());
  return {};
}

}  // namespace bulkhead::api
