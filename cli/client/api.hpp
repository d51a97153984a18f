// The service, as commands see it: JSON in, JSON out, problem documents as errors. Connecting
// starts the service when it isn't running (client/service.hpp), unless the command asked not to.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bulkhead/result.hpp"
#include "client/exchange.hpp"
#include "client/service.hpp"
#include "io/output.hpp"

namespace bulkhead::cli {

class Api {
 public:
  // With `trace`, requests and statuses are told on it.
  Api(Service& service, Output* trace) : service_(&service), trace_(trace) {}

  Result<nlohmann::json> get(const std::string& target);
  Result<nlohmann::json> post(const std::string& target, const nlohmann::json& body);
  Result<nlohmann::json> send(const Request& request);

  // Sends and returns at once, so that several requests can be under way.
  Result<Exchange> begin(const Request& request);
  // The answer of begin(): reads it and tells errors from results.
  Result<nlohmann::json> finish(Exchange& exchange);
  // Sends and reads the head; anything but 2xx or 101 becomes an error. For streams and upgrades.
  Result<Exchange> open(const Request& request, const Exchange::Wait& wait = {});

  Service& service() { return *service_; }

 private:
  void tell(const std::string& text);

  Service* service_;
  Output* trace_;
};

// "/v1/containers/<id>" with the id percent-encoded, and what follows it.
std::string container_target(const std::string& id, std::string_view rest = {});
std::string network_target(const std::string& name, std::string_view rest = {});
std::string image_target(const std::string& reference, std::string_view rest = {});

}  // namespace bulkhead::cli
