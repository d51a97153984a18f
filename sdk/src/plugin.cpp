#include "bulkhead/plugin.hpp"

#include <fcntl.h>

#include <exception>

#include "bulkhead/json.hpp"

namespace bulkhead::plugin {
namespace {

bh_bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string_view view_of(bh_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.len};
}

// An error on its way through the boundary; borrows the strings of `error`.
bh_error to_abi(const Error& error) {
  bh_error result = {};
  result.size = sizeof result;
  result.code = static_cast<int32_t>(error.code);
  result.message = bytes_of(error.message);
  result.detail = bytes_of(error.hint);
  return result;
}

// A plugin and the C face the host sees of it.
struct Instance {
  bh_plugin face = {};
  const bh_host* host = nullptr;
  std::unique_ptr<Plugin> plugin;
  Error last;  // what start() failed with: its strings must live until destroy()
};

Instance& instance_of(const bh_plugin* face) {
  return *static_cast<Instance*>(face->ctx);
}

// The exception barrier: nothing that `call` throws gets past it.
template <class Call>
Status guarded(std::string_view doing, Call call) noexcept {
  try {
    return call();
  } catch (const std::exception& thrown) {
    return fail(Code::kInternal, std::string(doing) + ": " + thrown.what());
  } catch (...) {
    return fail(Code::kInternal, std::string(doing) + ": an unknown exception");
  }
}

// A request without a body is an empty object.
Result<Json> parse_body(bh_bytes body) {
  if (body.len == 0) return Json::object();
  return parse_json(view_of(body));
}

int32_t start(const bh_plugin* face, bh_bytes config, bh_error* error) {
  Instance& self = instance_of(face);
  const Status done = guarded("start", [&]() -> Status {
    auto parsed = parse_body(config);
    if (!parsed) return fail(std::move(parsed.error()).context("the plugin's config"));
    return self.plugin->start(*parsed);
  });
  if (done) return 0;
  self.last = done.error();
  if (error != nullptr) *error = to_abi(self.last);
  return -1;
}

Status take_request(Request& request, const char* method, bh_bytes body, const int* fds,
                    uint32_t nfds) {
  request.method = method;
  for (uint32_t i = 0; i < nfds; i++) {
    request.fds.emplace_back(::fcntl(fds[i], F_DUPFD_CLOEXEC, 0));
    if (!request.fds.back()) return fail_errno("keep a descriptor", errno);
  }
  auto parsed = parse_body(body);
  if (!parsed) return fail(std::move(parsed.error()).context(method));
  request.body = std::move(*parsed);
  return {};
}

int32_t submit(const bh_plugin* face, bh_op op, const char* method, bh_bytes body, const int* fds,
               uint32_t nfds) {
  Instance& self = instance_of(face);
  Reply reply(self.host, op);
  bool known = true;
  const Status done = guarded(method, [&]() -> Status {
    Request request;
    if (auto taken = take_request(request, method, body, fds, nfds); !taken) return taken;
    known = self.plugin->submit(request, reply);
    return {};
  });
  if (!known) {
    reply.disarm();
    return -1;
  }
  // After an exception the reply is either still here, or was moved and has completed by itself.
  if (!done) reply.fail(done.error());
  return 0;
}

void cancel(const bh_plugin* face, bh_op op) {
  Instance& self = instance_of(face);
  const Status done = guarded("cancel", [&]() -> Status {
    self.plugin->cancel(op);
    return {};
  });
  if (!done) Host(self.host).log(Level::kError, done.error().message, op);
}

void stop(const bh_plugin* face) {
  Instance& self = instance_of(face);
  const Status done = guarded("stop", [&]() -> Status {
    self.plugin->stop();
    return {};
  });
  if (!done) Host(self.host).log(Level::kError, done.error().message);
}

const void* get_extension(const bh_plugin*, const char*) {
  return nullptr;
}

}  // namespace

void Host::log(Level level, std::string_view text, bh_op op) const {
  host_->log(host_, static_cast<int32_t>(level), op, bytes_of(text));
}

void Host::emit(const char* type, const Json& event) const {
  host_->emit(host_, type, bytes_of(dump_json(event)));
}

Reply::Reply(Reply&& other) noexcept : host_(std::exchange(other.host_, nullptr)), op_(other.op_) {}

Reply& Reply::operator=(Reply&& other) noexcept {
  if (this != &other) {
    Reply dropped(std::move(*this));
    host_ = std::exchange(other.host_, nullptr);
    op_ = other.op_;
  }
  return *this;
}

Reply::~Reply() {
  if (host_ != nullptr) fail({Code::kInternal, "the plugin dropped the operation unanswered", {}});
}

void Reply::ok(const Json& result, std::span<const int> fds) {
  const bh_host* host = std::exchange(host_, nullptr);
  if (host == nullptr) return;
  const std::string text = dump_json(result);
  host->complete(host, op_, bytes_of(text), nullptr, fds.data(), static_cast<uint32_t>(fds.size()));
}

void Reply::fail(const Error& error) {
  const bh_host* host = std::exchange(host_, nullptr);
  if (host == nullptr) return;
  const bh_error raw = to_abi(error);
  host->complete(host, op_, bh_bytes{}, &raw, nullptr, 0);
}

void Reply::finish(const Result<Json>& result) {
  if (result) {
    ok(*result);
  } else {
    fail(result.error());
  }
}

void Reply::progress(const Json& note) const {
  if (host_ != nullptr) host_->progress(host_, op_, bytes_of(dump_json(note)));
}

namespace detail {

const bh_plugin* create(const bh_host* host, bh_error* error, Factory factory) {
  // Outlives this call, as the host may read the strings later; create() is never called twice at a
  // time.
  static Error last;
  auto self = std::make_unique<Instance>();
  self->host = host;
  const Status done = guarded("create", [&]() -> Status {
    self->plugin = factory(Host(host));
    if (!self->plugin) return bulkhead::fail(Code::kInternal, "the plugin made no instance");
    return {};
  });
  if (!done) {
    last = done.error();
    if (error != nullptr) *error = to_abi(last);
    return nullptr;
  }
  self->face.size = sizeof self->face;
  self->face.ctx = self.get();
  self->face.start = start;
  self->face.submit = submit;
  self->face.cancel = cancel;
  self->face.stop = stop;
  self->face.get_extension = get_extension;
  return &self.release()->face;
}

void destroy(const bh_plugin* plugin) {
  const std::unique_ptr<Instance> last(&instance_of(plugin));
  const Status done = guarded("destroy", [&]() -> Status {
    last->plugin.reset();
    return {};
  });
  if (!done) Host(last->host).log(Level::kError, done.error().message);
}

}  // namespace detail

}  // namespace bulkhead::plugin
