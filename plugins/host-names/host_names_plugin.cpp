#include "host_names_plugin.hpp"

namespace bulkhead::names {

HostNamesPlugin::~HostNamesPlugin() {
  stop();
}

Status HostNamesPlugin::start(const Json&) {
  thread_ = std::make_unique<loop::LoopThread>([host = host_](const char* what) {
    host.log(plugin::Level::kError, std::string("an exception: ") + what);
  });
  return {};
}

bool HostNamesPlugin::submit(plugin::Request& request, plugin::Reply& reply) {
  if (request.method != "names.serve") return false;
  struct Order {
    Json body;
    plugin::Reply reply;
  };
  // Shared, as a std::function is copied. A reply that is dropped says so itself.
  auto order = std::make_shared<Order>(Order{std::move(request.body), std::move(reply)});
  thread_->post([this, order] {
    if (Status served = serve(order->body); !served) return order->reply.fail(served.error());
    order->reply.ok();
  });
  return true;
}

void HostNamesPlugin::stop() {
  if (thread_) thread_->stop([this] { responder_.reset(); });
}

// --- on the thread ---

Status HostNamesPlugin::serve(const Json& body) {
  const auto ip = net::parse_ip(string_or(body, "address", "127.0.0.1"));
  if (!ip) return fail(ip.error());
  const auto port = integer_at(body, "port");
  if (!port) return fail(port.error());
  if (*port < 1 || *port > 65535)
    return fail(Code::kInvalid, "key \"port\" is not between 1 and 65535");
  auto table = NameTable::parse(body);
  if (!table) return fail(std::move(table.error()).context("names.serve"));
  const std::pair where(*ip, static_cast<uint16_t>(*port));
  if (responder_ && where_ == where) {
    responder_->set_table(std::move(*table));
    return {};
  }
  // What was asked for before isn't any more, whether or not this can be had.
  responder_.reset();
  where_.reset();
  auto sockets = listen_at(where.first, where.second);
  if (!sockets) return fail(std::move(sockets.error()));
  responder_ = std::make_unique<Responder>(thread_->loop(), std::move(*sockets), std::move(*table));
  where_ = where;
  return {};
}

std::unique_ptr<plugin::Plugin> make_host_names_plugin(plugin::Host host) {
  return std::make_unique<HostNamesPlugin>(host);
}

}  // namespace bulkhead::names
