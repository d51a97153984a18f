#include "model/views.hpp"
#include "routes.hpp"
#include "store/fold.hpp"

namespace bulkhead::api {

model::Origin origin_of(const Exchange& exchange) {
  return {exchange.actor(), std::nullopt, std::string(exchange.head().field("idempotency-key"))};
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
