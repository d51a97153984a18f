#include "storage_plugin.hpp"

#include <chrono>
#include <exception>

namespace bulkhead::storage {
namespace {

constexpr auto kProgressEvery = std::chrono::milliseconds(100);

}  // namespace

struct StoragePlugin::Operation {
  Operation(plugin::Request taken, plugin::Reply duty)
      : request(std::move(taken)), reply(std::move(duty)) {
    task.on_progress = [this](uint64_t done, uint64_t total, const std::string& what) {
      const auto now = std::chrono::steady_clock::now();
      if (now - reported < kProgressEvery) return;
      reported = now;
      reply.progress({{"done", done}, {"total", total}, {"what", what}});
    };
  }

  plugin::Request request;
  plugin::Reply reply;
  Task task;
  std::chrono::steady_clock::time_point reported{};
};

Status StoragePlugin::start(const Json& config) {
  Result<std::string> root = string_at(config, "root");
  if (!root) return tl::unexpected(std::move(root.error()));
  Result<Platform> host = Platform::from_json(config.value("hostPlatform", Json()));
  if (!host) return tl::unexpected(std::move(host.error()));
  store_ = std::make_unique<Store>(*root, std::move(*host), Limits{});
  if (Status ready = store_->layout.initialize(); !ready) return ready;
  bulk_.emplace();
  quick_.emplace();
  crew_.emplace();
  return {};
}

bool StoragePlugin::submit(plugin::Request& request, plugin::Reply& reply) {
  const Method* method = find_method(request.method);
  if (method == nullptr) return false;
  const bh_op op = reply.op();
  const auto operation = std::make_shared<Operation>(std::move(request), std::move(reply));
  {
    const std::lock_guard lock(mutex_);
    running_[op] = operation;
  }
  const auto forget = [this, op] {
    const std::lock_guard lock(mutex_);
    running_.erase(op);
  };
  try {
    post(method->place, [this, method, operation, forget] {
      run(*method, *operation);
      forget();
    });
  } catch (const std::exception& error) {
    operation->reply.fail({Code::kInternal, std::string(method->name) + ": " + error.what(), {}});
    forget();
  }
  return true;
}

void StoragePlugin::post(Place place, std::function<void()> job) {
  switch (place) {
    case Place::kQuick:
      return quick_->post(std::move(job));
    case Place::kBulk:
      return bulk_->post(std::move(job));
    case Place::kOwn:
      return crew_->post(std::move(job));
  }
}

void StoragePlugin::run(const Method& method, Operation& operation) {
  try {
    Status wanted = operation.task.check();
    std::vector<UniqueFd> answer_fds;
    const Result<Json> result =
        wanted ? method.run(*store_, {operation.request.body, operation.request.fds, operation.task,
                                      answer_fds})
               : tl::unexpected(std::move(wanted.error()));
    if (answer_fds.empty()) {
      operation.reply.finish(result);
    } else {
      const int fd = answer_fds.front().get();
      operation.reply.ok(*result, std::span(&fd, 1));
    }
  } catch (const std::exception& error) {
    // The lane's barrier: lack of memory, or a bug. The operation must end either way.
    operation.reply.fail({Code::kInternal, std::string(method.name) + ": " + error.what(), {}});
  }
  operation.request.fds.clear();
}

void StoragePlugin::cancel(bh_op op) {
  const std::lock_guard lock(mutex_);
  if (const auto found = running_.find(op); found != running_.end())
    found->second->task.cancelled = true;
}

void StoragePlugin::stop() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [op, operation] : running_) operation->task.cancelled = true;
  }
  bulk_.reset();
  quick_.reset();
  crew_.reset();
}

std::unique_ptr<plugin::Plugin> make_storage_plugin(plugin::Host host) {
  return std::make_unique<StoragePlugin>(host);
}

}  // namespace bulkhead::storage
