#include "client/api.hpp"

#include <nlohmann/json.hpp>

#include "client/problem.hpp"
#include "http/target.hpp"

namespace bulkhead::cli {

using nlohmann::json;

Result<json> Api::get(const std::string& target) {
  auto exchange = begin({"GET", target});
  if (!exchange) return fail(std::move(exchange.error()));
  auto answer = finish(*exchange);
  // It died while it was asked, and is started again; only a question may be asked twice.
  if (!answer && answer.error().code == Code::kUnavailable) return send({"GET", target});
  return answer;
}

Result<json> Api::post(const std::string& target, const json& body) {
  return send({"POST", target, body.dump(-1, ' ', false, json::error_handler_t::replace)});
}

Result<json> Api::send(const Request& request) {
  auto exchange = begin(request);
  if (!exchange) return fail(std::move(exchange.error()));
  return finish(*exchange);
}

Result<Exchange> Api::begin(const Request& request) {
  auto socket = service_->connect();
  if (!socket) return fail(std::move(socket.error()));
  const bool told = !request.body.empty() && !request.secret;
  tell(request.method + " " + request.target + (told ? " " + request.body : ""));
  return Exchange::begin(std::move(*socket), request);
}

Result<json> Api::finish(Exchange& exchange) {
  if (auto head = exchange.read_head(); !head) return fail(std::move(head.error()));
  tell("status " + std::to_string(exchange.status()));
  auto body = exchange.read_body();
  if (!body) return fail(std::move(body.error()));
  if (exchange.status() >= 300) return fail(problem_of(exchange.status(), *body));
  if (body->empty()) return json::object();
  json document = json::parse(*body, nullptr, false);
  if (document.is_discarded()) {
    return fail(Code::kInternal, "the service's answer is not JSON");
  }
  return document;
}

Result<Exchange> Api::open(const Request& request, const Exchange::Wait& wait) {
  auto exchange = begin(request);
  if (!exchange) return exchange;
  if (auto head = exchange->read_head(wait); !head) return fail(std::move(head.error()));
  tell("status " + std::to_string(exchange->status()));
  if (exchange->status() < 300) return exchange;  // 101 or a stream
  auto body = exchange->read_body();
  if (!body) return fail(std::move(body.error()));
  return fail(problem_of(exchange->status(), *body));
}

void Api::tell(const std::string& text) {
  if (trace_ != nullptr) trace_->line("debug: " + text);
}

std::string container_target(const std::string& id, std::string_view rest) {
  return "/v1/containers/" + percent_encode(id) + std::string(rest);
}

std::string network_target(const std::string& name, std::string_view rest) {
  return "/v1/networks/" + percent_encode(name) + std::string(rest);
}

std::string image_target(const std::string& reference, std::string_view rest) {
  return "/v1/images/" + percent_encode(reference) + std::string(rest);
}

}  // namespace bulkhead::cli
