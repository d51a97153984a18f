// A plugin that does what a test asks of it, well or badly. Built as a library of its own.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <thread>

#include "bulkhead/plugin.hpp"

namespace bulkhead::plugin {
namespace {

class ScriptedPlugin : public Plugin {
 public:
  explicit ScriptedPlugin(Host host) : host_(host) {}

  Status start(const Json& config) override {
    if (config.contains("refuse")) {
      return fail(Code::kNotFound, config["refuse"].get<std::string>(), "a hint");
    }
    config_ = config;
    return {};
  }

  bool submit(Request& request, Reply& reply) override {
    if (request.method == "test.echo") {
      reply.ok(request.body);
    } else if (request.method == "test.config") {
      reply.ok(config_);
    } else if (request.method == "test.fail") {
      reply.fail({Code::kNoSpace, "no room", "make some"});
    } else if (request.method == "test.never") {
      waiting_.emplace(reply.op(), std::move(reply));
    } else if (request.method == "test.later") {
      later(request, std::move(reply));
    } else if (request.method == "test.emit") {
      for (int i = 0; i < request.body["count"].get<int>(); i++)
        host_.emit("test.event", {{"n", i}});
      reply.ok();
    } else if (request.method == "test.descriptors") {
      descriptors(request, reply);
    } else if (request.method == "test.talk") {
      host_.log(Level::kWarning, "a word", reply.op());
      reply.progress({{"done", 1}, {"total", 2}});
      reply.ok();
    } else {
      return submit_evil(request, reply);
    }
    return true;
  }

  void cancel(bh_op op) override {
    if (auto node = waiting_.extract(op)) node.mapped().fail({Code::kTimeout, "cancelled", ""});
  }

  void stop() override {
    for (std::thread& thread : threads_) thread.join();
    if (config_.contains("emitOnStop")) host_.emit("test.stopped", Json::object());
    if (config_.contains("hangOnStop")) ::pause();
  }

 private:
  bool submit_evil(const Request& request, Reply& reply) {
    if (request.method == "test.crash") std::abort();
    if (request.method == "test.exit") ::_exit(request.body["status"].get<int>());
    if (request.method == "test.array") {
      host_.emit("test.event", Json::array({1}));
      reply.ok(Json::array({1}));
      return true;
    }
    if (request.method == "test.hang") ::pause();
    if (request.method == "test.twice") {
      Reply second(host_.raw(), reply.op());
      reply.ok({{"n", 1}});
      second.ok({{"n", 2}});
      return true;
    }
    if (request.method == "test.slow") {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      reply.ok();
      return true;
    }
    if (request.method == "test.huge") {
      reply.ok({{"bytes", std::string(17 << 20, 'x')}});
      return true;
    }
    return false;
  }

  void later(const Request& request, Reply reply) {
    const auto delay = std::chrono::milliseconds(request.body["ms"].get<int>());
    threads_.emplace_back([delay, body = request.body, reply = std::move(reply)]() mutable {
      std::this_thread::sleep_for(delay);
      reply.ok(body);
    });
  }

  // Writes into what it was given, and gives a pipe's end back.
  void descriptors(Request& request, Reply& reply) {
    for (const UniqueFd& fd : request.fds) {
      [[maybe_unused]] const ssize_t written = ::write(fd.get(), "written", 7);
    }
    int ends[2];
    if (::pipe(ends) != 0) return reply.fail({Code::kInternal, "no pipe", ""});
    const UniqueFd reading(ends[0]);
    const UniqueFd writing(ends[1]);
    [[maybe_unused]] const ssize_t written = ::write(writing.get(), "given", 5);
    const int fd = reading.get();
    reply.ok({{"count", request.fds.size()}}, {&fd, 1});
  }

  Host host_;
  Json config_;
  std::map<bh_op, Reply> waiting_;
  std::vector<std::thread> threads_;
};

std::unique_ptr<Plugin> make(Host host) {
  if (std::getenv("SCRIPTED_CREATE_FAILS") != nullptr) return nullptr;
  return std::make_unique<ScriptedPlugin>(host);
}

}  // namespace
}  // namespace bulkhead::plugin

BULKHEAD_PLUGIN("scripted", "1.2.3", bulkhead::plugin::make, "storage/1", "runtime/1");
