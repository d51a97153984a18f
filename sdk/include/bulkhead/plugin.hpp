// Writing a plugin in C++: derive from Plugin, name it with BULKHEAD_PLUGIN, and the C ABI of
// bulkhead/plugin.h is met.
//
// What this wrapper guarantees so that a plugin's author can't get it wrong: no exception crosses
// the boundary; every accepted operation completes exactly once (a Reply that is dropped completes
// with an error that says so); descriptors that arrive are owned by the request and closed with it.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/plugin.h"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::plugin {

using Json = nlohmann::json;

enum class Level : int32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

// The host, as a plugin sees it. All functions [any-thread], until Plugin::stop() has returned.
class Host {
 public:
  explicit Host(const bh_host* host) : host_(host) {}
  void log(Level level, std::string_view text, bh_op op = 0) const;
  void emit(const char* type, const Json& event) const;
  const bh_host* raw() const { return host_; }

 private:
  const bh_host* host_;
};

// The duty to complete one operation. Movable, [any-thread]; the first of ok/fail/finish counts.
class Reply {
 public:
  Reply(const bh_host* host, bh_op op) : host_(host), op_(op) {}
  Reply(Reply&& other) noexcept;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();

  void ok(const Json& result = Json::object(), std::span<const int> fds = {});
  void fail(const Error& error);
  void finish(const Result<Json>& result);
  void progress(const Json& note) const;
  // No completion will come: only for the wrapper itself, when the plugin doesn't know the method.
  void disarm() { host_ = nullptr; }
  bh_op op() const { return op_; }

 private:
  const bh_host* host_ = nullptr;  // null once completed
  bh_op op_ = 0;
};

struct Request {
  std::string method;
  Json body;
  std::vector<UniqueFd> fds;
};

class Plugin {
 public:
  virtual ~Plugin() = default;

  // [loop-thread] all four; none may block, but stop(), which returns when no thread of the plugin
  // can call the host again.
  virtual Status start(const Json& config) = 0;
  // True: accepted, and `reply` completes it now or later. False: the method is unknown.
  virtual bool submit(Request& request, Reply& reply) = 0;
  virtual void cancel(bh_op op) { (void)op; }
  virtual void stop() = 0;
};

using Factory = std::unique_ptr<Plugin> (*)(Host host);

namespace detail {
const bh_plugin* create(const bh_host* host, bh_error* error, Factory factory);
void destroy(const bh_plugin* plugin);
}  // namespace detail

}  // namespace bulkhead::plugin

// BULKHEAD_PLUGIN("storage-local", "1.0.0", make_storage, "storage/1"): defines the library's one
// exported symbol.
#define BULKHEAD_PLUGIN(ID, VERSION, FACTORY, ...)                                  \
  static const char* const bulkhead_plugin_capabilities[] = {__VA_ARGS__, nullptr}; \
  extern "C" const bh_entry bulkhead_plugin_entry_v1 = {                            \
      BH_PLUGIN_MAGIC,                                                              \
      sizeof(bh_entry),                                                             \
      BH_PLUGIN_MAJOR,                                                              \
      BH_PLUGIN_MINOR,                                                              \
      ID,                                                                           \
      VERSION,                                                                      \
      bulkhead_plugin_capabilities,                                                 \
      [](const bh_host* host, bh_error* error) {                                    \
        return ::bulkhead::plugin::detail::create(host, error, FACTORY);            \
      },                                                                            \
      [](const bh_plugin* plugin) { ::bulkhead::plugin::detail::destroy(plugin); }}
