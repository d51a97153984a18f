#include "guest/core/router.hpp"

#include <algorithm>
#include <charconv>

#include "bulkhead/version.hpp"
#include "guest/core/answers.hpp"
#include "guest/core/touch_request.hpp"

namespace bulkhead::guest {
namespace {

constexpr std::string_view kProcesses = "/v1/processes/";
constexpr std::string_view kSockets = "/v1/sockets";
constexpr size_t kLengthSize = 4;
constexpr size_t kIdLimit = 128;

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kIdLimit && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
  });
}

size_t body_length(std::string_view body) {
  auto byte = [body](size_t i) { return size_t{static_cast<uint8_t>(body[i])}; };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

// A whole number and nothing else.
bool is_number(std::string_view text, uint64_t& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

Error too_large() {
  return Error{Code::kInvalid, "the request's body is larger than 1 MiB", {}};
}

}  // namespace

Result<Router::Exchange> Router::route_process(std::string_view method, std::string_view rest) {
  size_t slash = rest.find('/');
  std::string_view id = rest.substr(0, slash);
  std::string_view verb = slash == std::string_view::npos ? "" : rest.substr(slash);
  if (!is_id(id)) return fail(Code::kInvalid, "a process id is 1 to 128 of A-Z a-z 0-9 . _ -");
  Route route = Route::kStart;
  if (verb == "/signal") {
    route = Route::kSignal;
  } else if (verb == "/resize") {
    route = Route::kResize;
  } else if (!verb.empty()) {
    return fail(Code::kNotFound, "no such request about a process: " + std::string(verb));
  }
  if (method != "POST") return fail(Code::kInvalid, "requests about processes are POST");
  return Exchange{route, std::string(id), {}};
}

Result<Router::Exchange> Router::route(std::string_view method, std::string_view path) {
  struct Known {
    std::string_view path, method;
    Route route;
  };
  static constexpr Known kTable[] = {
      {"/v1/ping", "GET", Route::kPing},        {"/v1/container", "POST", Route::kContainer},
      {"/v1/stats", "GET", Route::kStatistics}, {"/v1/kernel-log", "GET", Route::kKernelLog},
      {"/v1/touch", "POST", Route::kTouch},     {"/v1/shutdown", "POST", Route::kShutdown},
      {"/v1/reset", "POST", Route::kReset}};
  if (path.starts_with(kProcesses)) return route_process(method, path.substr(kProcesses.size()));
  for (const Known& known : kTable) {
    if (known.path != path) continue;
    if (known.method == method) return Exchange{known.route, {}, {}};
    return fail(Code::kInvalid, std::string(path) + " is asked with " + std::string(known.method));
  }
  return fail(Code::kNotFound, "no such request: " + std::string(method) + " " + std::string(path));
}

void Router::refuse(StreamId stream, const Error& error) {
  exchanges_.erase(stream);
  server_->respond_error(stream, error);
}

Result<StreamOwner*> Router::socket_stream(std::string_view method, std::string_view rest,
                                           Caller caller) {
  constexpr std::string_view kConnections = "/connections/";
  constexpr std::string_view kConnect = "/connect";
  uint64_t number = 0;
  if (rest.empty() && method == "GET") return backend_.socket_notices(caller);
  if (rest.starts_with(kConnections) && method == "POST" &&
      is_number(rest.substr(kConnections.size()), number))
    return backend_.take_connection(number, caller);
  if (rest.starts_with('/') && rest.ends_with(kConnect) && method == "POST" &&
      is_number(rest.substr(1, rest.size() - 1 - kConnect.size()), number))
    return backend_.connect_socket(number, caller);
  return fail(Code::kNotFound, "no such request about sockets");
}

void Router::request(StreamId stream, std::string_view method, std::string_view path) {
  if (path.starts_with(kSockets)) {
    auto owner = socket_stream(method, path.substr(kSockets.size()), Caller{*server_, stream});
    if (!owner) return refuse(stream, owner.error());
    server_->set_owner(stream, *owner);
    return server_->respond_from_owner(stream, {});
  }
  auto exchange = route(method, path);
  if (!exchange) return refuse(stream, exchange.error());
  exchanges_.insert_or_assign(stream, std::move(*exchange));
}

size_t Router::body(StreamId stream, std::string_view bytes) {
  auto found = exchanges_.find(stream);
  if (found == exchanges_.end()) return bytes.size();
  Exchange& exchange = found->second;
  exchange.body.append(bytes);
  if (exchange.route == Route::kStart) return bytes.size() - start_if_complete(stream, exchange);
  if (exchange.body.size() > kBodyLimit) refuse(stream, too_large());
  return bytes.size();
}

// Answers how many of the body's last bytes went on to the process: what follows the JSON is stdin
// already.
size_t Router::start_if_complete(StreamId stream, Exchange& exchange) {
  if (exchange.body.size() < kLengthSize) return 0;
  size_t length = body_length(exchange.body);
  if (length > kBodyLimit) {
    refuse(stream, too_large());
    return 0;
  }
  if (exchange.body.size() - kLengthSize < length) return 0;

  Exchange complete = std::move(exchange);
  exchanges_.erase(stream);
  std::string_view text = std::string_view(complete.body).substr(kLengthSize, length);
  std::string_view rest = std::string_view(complete.body).substr(kLengthSize + length);
  auto owner = start(stream, complete.process, text);
  if (!owner) {
    server_->respond_error(stream, owner.error());
    return 0;
  }
  server_->set_owner(stream, *owner);
  if (!rest.empty()) (*owner)->take_input(rest);
  return rest.size();
}

Result<StreamOwner*> Router::start(StreamId stream, const std::string& id, std::string_view json) {
  auto spec = parse_process(json);
  if (!spec) return fail(std::move(spec.error()));
  return backend_.start(id, *spec, json, Caller{*server_, stream});
}

Result<std::string> Router::answer(const Exchange& exchange) {
  Status status;
  switch (exchange.route) {
    case Route::kPing:
      return backend_.ping();
    case Route::kStatistics: {
      auto statistics = backend_.statistics();
      if (!statistics) return fail(std::move(statistics.error()));
      return to_json(*statistics);
    }
    case Route::kKernelLog:
      return backend_.kernel_log();
    case Route::kContainer: {
      auto spec = parse_container(exchange.body);
      if (!spec) return fail(std::move(spec.error()));
      status = backend_.configure(*spec);
      if (status) return container_body(kVersion);
      break;
    }
    case Route::kSignal: {
      auto signal = parse_signal(exchange.body);
      if (!signal) return fail(std::move(signal.error()));
      status = backend_.signal(exchange.process, *signal);
      break;
    }
    case Route::kResize: {
      auto size = parse_terminal_size(exchange.body);
      if (!size) return fail(std::move(size.error()));
      status = backend_.resize(exchange.process, *size);
      break;
    }
    case Route::kTouch: {
      auto paths = parse_touch(exchange.body);
      if (!paths) return fail(std::move(paths.error()));
      status = backend_.touch(*paths);
      break;
    }
    case Route::kReset:
      status = backend_.reset();
      break;
    case Route::kShutdown:
      backend_.shut_down();
      break;
    case Route::kStart:
      return fail(Code::kInvalid, "the request ended before its process was described");
  }
  if (!status) return fail(std::move(status.error()));
  return std::string("{}");
}

void Router::body_end(StreamId stream) {
  auto found = exchanges_.find(stream);
  if (found == exchanges_.end()) return;
  Exchange exchange = std::move(found->second);
  exchanges_.erase(found);
  auto body = answer(exchange);
  if (!body) return server_->respond_error(stream, body.error());
  server_->respond(stream, 200, std::move(*body));
}

}  // namespace bulkhead::guest
