// The routes of docs/reference/api.md, one file per group. Each adds its rows to the table; a
// handler translates between the request and one engine call, and holds no state but what the
// exchange needs.
#pragma once

#include "core/api/router.hpp"
#include "core/engine/engine.hpp"

namespace bulkhead::api {

void add_system_routes(Router& router, engine::Engine& engine);
void add_property_routes(Router& router, engine::Engine& engine);
void add_container_routes(Router& router, engine::Engine& engine);
void add_process_routes(Router& router, engine::Engine& engine);  // start, exec: the upgrades
void add_log_routes(Router& router, engine::Engine& engine);
void add_image_routes(Router& router, engine::Engine& engine);
void add_transfer_routes(Router& router, engine::Engine& engine);  // pull and push
void add_registry_routes(Router& router, engine::Engine& engine);
void add_network_routes(Router& router, engine::Engine& engine);
void add_dns_routes(Router& router, engine::Engine& engine);
void add_template_routes(Router& router, engine::Engine& engine);
void add_volume_routes(Router& router, engine::Engine& engine);
void add_event_routes(Router& router, engine::Engine& engine);

// A moment of the past: with_state() reads it.
inline constexpr Parameter kAt{"at", "the answer as it was then", "Moment"};
// What every route with {id} refuses.
inline constexpr Response kNoContainer = refuses(404, "There is no such container.");
inline constexpr Response kAmbiguous = refuses(409, "Several names begin like that.");
inline constexpr Response kNoImage = refuses(404, "There is no such image.");

// What every handler needs of a request.
model::Origin origin_of(const Exchange& exchange);
// Lost when the client leaves.
engine::InterestPtr interest_of(const ExchangePtr& exchange);
// Answers with the state as it is, or as of ?at=, which is folded on a worker thread.
void with_state(const ExchangePtr& exchange, engine::Engine& engine,
                std::function<Result<Json>(const model::State&)> view);
// The container meant by {id}: exact or unique prefix; answers 404 or 409 itself and returns "".
std::string container_id(const ExchangePtr& exchange, engine::Engine& engine);

}  // namespace bulkhead::api
