#include "registry_plugin.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <string_view>

#include "bulkhead/server_name.hpp"
#include "core/loop/work.hpp"
#include "fetch.hpp"
#include "login.hpp"
#include "resolve.hpp"
#include "upload.hpp"

namespace bulkhead::registry {
namespace {

constexpr std::string_view kMethods[] = {
    "registry.resolve", "registry.fetch",  "registry.upload",
    "registry.login",   "registry.logout", "registry.list",
};

Result<UniqueFd> descriptor_of(plugin::Request& request) {
  if (request.fds.empty())
    return fail(Code::kInvalid, "the request came without its file descriptor");
  return std::move(request.fds.front());
}

Result<std::string> server_of(const Json& body) {
  const Result<std::string> text = string_at(body, "server");
  if (!text) return text;
  return server_of_login(*text);
}

Json login_to_json(const Login& login) {
  return {{"server", login.server},
          {"username", login.username},
          {"createdAt", login.created_at},
          {"modifiedAt", login.modified_at}};
}

Result<std::vector<Reference>> mounts_of(const Json& body) {
  std::vector<Reference> all;
  const auto list = body.find("mountFrom");
  if (list == body.end() || !list->is_array()) return all;
  for (const Json& text : *list) {
    Result<Reference> reference = parse_reference(text.is_string() ? text.get<std::string>() : "");
    if (!reference) return fail(std::move(reference.error()));
    all.push_back(std::move(*reference));
  }
  return all;
}

}  // namespace

RegistryPlugin::~RegistryPlugin() {
  stop();
}

Status RegistryPlugin::start(const Json& config) {
  Result<std::string> root = string_at(config, "root");
  if (!root) return fail(std::move(root.error()));
  settings_file_ = string_or(config, "config", "");
  user_agent_ = string_or(config, "userAgent", "container");
  credentials_ = std::make_shared<Credentials>(*root, [host = host_](const std::string& warning) {
    host.log(plugin::Level::kWarning, warning);
  });
  loop_ = std::make_unique<loop::Loop>();
  wake_ = std::make_unique<loop::Async>(*loop_, [this] { take_orders(); });
  thread_ = std::thread([this] { run(); });
  return {};
}

bool RegistryPlugin::submit(plugin::Request& request, plugin::Reply& reply) {
  const bool known =
      std::find(std::begin(kMethods), std::end(kMethods), request.method) != std::end(kMethods);
  if (!known) return false;
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back({std::move(request), std::move(reply)});
  }
  wake_->send();
  return true;
}

void RegistryPlugin::cancel(bh_op op) {
  {
    const std::lock_guard lock(mutex_);
    cancelled_.push_back(op);
  }
  wake_->send();
}

void RegistryPlugin::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_->send();
  thread_.join();
  loop_.reset();
}

// --- on the thread ---

void RegistryPlugin::run() {
  // libcurl may write to a connection that the other side has closed; signals are the host's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  connections_ = std::make_unique<Connections>(
      *loop_, user_agent_, Settings(),
      [this, credentials = credentials_](const std::string& server,
                                         std::function<void(Found)> done) {
        auto found = std::make_shared<Found>(std::optional<Credential>());
        loop::run_blocking(
            *loop_, [credentials, server, found] { *found = credentials->find(server); },
            [found, done = std::move(done)] { done(std::move(*found)); });
      });
  loop_->run();
  // Handles belong to this thread, so they are closed on it.
  open_.clear();
  connections_.reset();
  wake_.reset();
}

void RegistryPlugin::take_orders() {
  std::deque<Order> orders;
  std::vector<bh_op> cancelled;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    orders.swap(orders_);
    cancelled.swap(cancelled_);
    stopping = stopping_;
  }
  for (Order& order : orders) carry_out(std::move(order));
  for (const bh_op op : cancelled) {
    const auto found = open_.find(op);
    if (found == open_.end()) continue;
    const Open open = std::move(found->second);
    open_.erase(found);
    open.reply->fail({Code::kRetry, "cancelled, because nobody waits for it any longer", {}});
  }
  if (stopping) loop_->stop();
}

void RegistryPlugin::carry_out(Order order) {
  const auto reply = std::make_shared<plugin::Reply>(std::move(order.reply));
  Result<Settings> settings = Settings::read(settings_file_);
  if (!settings) return reply->fail(settings.error());
  connections_->settings = std::move(*settings);
  if (Status begun = begin(order.request, reply); !begun) reply->fail(begun.error());
}

Status RegistryPlugin::begin(plugin::Request& request, const ReplyPtr& reply) {
  if (request.method == "registry.resolve") return resolve(request.body, reply);
  if (request.method == "registry.fetch") return fetch(request, reply);
  if (request.method == "registry.upload") return upload(request, reply);
  if (request.method == "registry.login") return login(request.body, reply);
  if (request.method == "registry.logout") return logout(request.body, reply);
  return list(reply);
}

Told RegistryPlugin::told(const ReplyPtr& reply) {
  return {[reply](const Json& note) { reply->progress(note); },
          [this, reply](const Result<Json>& result) {
            reply->finish(result);
            open_.erase(reply->op());
          }};
}

void RegistryPlugin::hold(const ReplyPtr& reply, std::unique_ptr<Errand> errand) {
  open_[reply->op()] = {std::move(errand), reply};
}

Status RegistryPlugin::resolve(const Json& body, const ReplyPtr& reply) {
  Result<Remote> remote = remote_of(body);
  if (!remote) return fail(std::move(remote.error()));
  hold(reply, std::make_unique<Resolve>(*connections_, std::move(*remote), told(reply)));
  return {};
}

Status RegistryPlugin::fetch(plugin::Request& request, const ReplyPtr& reply) {
  Result<Remote> remote = remote_of(request.body);
  if (!remote) return fail(std::move(remote.error()));
  Result<Content> content = Content::from_json(request.body);
  if (!content) return fail(std::move(content.error()));
  const int64_t offset = integer_or(request.body, "offset", 0);
  if (offset < 0 || static_cast<uint64_t>(offset) > content->size)
    return fail(Code::kInvalid, "\"offset\" isn't within the content");
  Result<UniqueFd> pipe = descriptor_of(request);
  if (!pipe) return fail(std::move(pipe.error()));
  hold(reply, std::make_unique<Fetch>(*connections_,
                                      Fetch::Request{std::move(*remote), std::move(*content),
                                                     static_cast<uint64_t>(offset)},
                                      std::move(*pipe), told(reply)));
  return {};
}

Status RegistryPlugin::upload(plugin::Request& request, const ReplyPtr& reply) {
  Result<Remote> remote = remote_of(request.body);
  if (!remote) return fail(std::move(remote.error()));
  Result<Content> content = Content::from_json(request.body);
  if (!content) return fail(std::move(content.error()));
  Result<std::vector<Reference>> mounts = mounts_of(request.body);
  if (!mounts) return fail(std::move(mounts.error()));
  Result<UniqueFd> file = descriptor_of(request);
  if (!file) return fail(std::move(file.error()));
  hold(reply, std::make_unique<Upload>(
                  *connections_,
                  Upload::Request{std::move(*remote), std::move(*content), std::move(*mounts),
                                  bool_or(request.body, "tag", false)},
                  std::move(*file), told(reply)));
  return {};
}

Status RegistryPlugin::login(const Json& body, const ReplyPtr& reply) {
  Result<std::string> server = server_of(body);
  if (!server) return fail(std::move(server.error()));
  Result<std::string> username = string_at(body, "username");
  if (!username) return fail(std::move(username.error()));
  Result<std::string> password = string_at(body, "password");
  if (!password) return fail(std::move(password.error()));
  Remote remote;
  remote.reference.domain = *server;
  remote.scheme = string_or(body, "scheme", "auto");
  remote.local_domain = string_or(body, "localDomain", "");
  Credential credential{std::move(*username), Secret(std::move(*password)), false};
  hold(reply, std::make_unique<LoginCheck>(
                  *connections_, remote, credential,
                  [this, server = *server, credential, reply] { keep(server, credential, reply); },
                  told(reply)));
  return {};
}

void RegistryPlugin::keep(const std::string& server, Credential credential, const ReplyPtr& reply) {
  answer_later(
      reply,
      [credentials = credentials_, server, credential = std::move(credential)]() -> Result<Json> {
        const Result<std::string> kept = credentials->keep(server, credential);
        if (!kept) return fail(kept.error());
        return Json{{"server", server}, {"username", credential.username}, {"kept", *kept}};
      },
      [this, server] { connections_->authorizations.forget(server); });
}

Status RegistryPlugin::logout(const Json& body, const ReplyPtr& reply) {
  Result<std::string> server = server_of(body);
  if (!server) return fail(std::move(server.error()));
  answer_later(
      reply,
      [credentials = credentials_, server = *server]() -> Result<Json> {
        const Result<bool> removed = credentials->forget(server);
        if (!removed) return fail(removed.error());
        return Json{{"removed", *removed}};
      },
      [this, server = *server] { connections_->authorizations.forget(server); });
  return {};
}

Status RegistryPlugin::list(const ReplyPtr& reply) {
  answer_later(reply, [credentials = credentials_]() -> Result<Json> {
    const Result<std::vector<Login>> logins = credentials->list();
    if (!logins) return fail(logins.error());
    Json all = Json::array();
    for (const Login& login : *logins) all.push_back(login_to_json(login));
    return Json{{"logins", std::move(all)}};
  });
  return {};
}

void RegistryPlugin::answer_later(const ReplyPtr& reply, std::function<Result<Json>()> blocking,
                                  std::function<void()> after) {
  auto result = std::make_shared<Result<Json>>(Json());
  loop::run_blocking(
      *loop_, [blocking = std::move(blocking), result] { *result = blocking(); },
      [this, reply, result, after = std::move(after)] {
        if (after) after();
        reply->finish(*result);
        open_.erase(reply->op());
      });
}

std::unique_ptr<plugin::Plugin> make_registry_plugin(plugin::Host host) {
  return std::make_unique<RegistryPlugin>(host);
}

}  // namespace bulkhead::registry
