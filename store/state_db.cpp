#include "store/state_db.hpp"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "bulkhead/json.hpp"
#include "model/evolve.hpp"
#include "model/snapshot.hpp"
#include "store/state_rows.hpp"

namespace bulkhead::store {
namespace {

// Events between two writes. Folding these again after a crash takes a millisecond.
constexpr std::size_t kFlushAfter = 256;

// Removes a database that can't be used; SQLite would not even open some of what may lie there.
void remove_files(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    std::filesystem::remove_all(path + suffix, ignored);
}

Result<std::unique_ptr<SQLite::Database>> open_prepared(const std::string& path,
                                                        const std::string& journal) {
  auto database = open_database(path, Access::kReadWrite);
  if (!database) return database;
  if (auto good = prepare_state_rows(**database, journal); !good)
    return fail(std::move(good.error()));
  return database;
}

}  // namespace

struct StateDb::Impl {
  explicit Impl(std::unique_ptr<SQLite::Database> opened) : database(std::move(opened)) {}

  // [loop] Moves what was touched into a batch of texts.
  StateBatch collect(const model::State& state) {
    StateBatch batch;
    batch.whole = std::exchange(whole, false);
    batch.seq = state.seq;
    batch.images_changed = std::exchange(images, false) || batch.whole;
    batch.rest = dump_json(model::rest_snapshot(state));
    if (batch.whole) {
      for (const auto& [id, container] : state.containers) containers.insert(id);
      for (const auto& [key, value] : state.properties) properties.insert(key);
      for (const auto& [key, op] : state.requests) requests.insert(key);
    }
    for (const std::string& id : std::exchange(containers, {})) {
      const model::ContainerState* container = state.container(id);
      batch.containers.emplace_back(id, std::nullopt);
      if (container) batch.containers.back().second = dump_json(container_snapshot(*container));
    }
    for (const std::string& key : std::exchange(properties, {})) {
      auto value = state.properties.find(key);
      batch.properties.emplace_back(key, std::nullopt);
      if (value != state.properties.end()) batch.properties.back().second = value->second;
    }
    collect_images(state, batch);
    collect_requests(state, batch);
    events = 0;
    return batch;
  }

  void collect_images(const model::State& state, StateBatch& batch) {
    if (!batch.images_changed) return;
    for (const auto* map : {&state.images, &state.dangling})
      for (const auto& [key, image] : *map)
        batch.images.emplace_back(key, dump_json(model::image_snapshot(image)));
  }

  void collect_requests(const model::State& state, StateBatch& batch) {
    batch.oldest_request = state.seq + 1;
    for (const auto& [key, op] : state.requests)
      batch.oldest_request = std::min(batch.oldest_request, op);
    for (const std::string& key : std::exchange(requests, {}))
      if (auto found = state.requests.find(key); found != state.requests.end())
        batch.requests.emplace_back(key, found->second);
  }

  // [its own thread] A failed write is made up for by the next one, which writes everything.
  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return ending || pending; });
      if (!pending) return;
      StateBatch taken = std::move(*pending);
      pending.reset();
      busy = true;
      lock.unlock();
      bool written = write_state_rows(*database, taken).has_value();
      lock.lock();
      busy = false;
      failed = failed || !written;
      idle.notify_all();
    }
  }

  void hand_over(const model::State& state) {
    std::lock_guard lock(mutex);
    if (std::exchange(failed, false)) whole = true;
    pending = collect(state);
    changed.notify_one();
  }

  bool is_idle() {
    std::lock_guard lock(mutex);
    return !busy && !pending;
  }

  void wait() {
    std::unique_lock lock(mutex);
    idle.wait(lock, [&] { return !busy && !pending; });
  }

  std::unique_ptr<SQLite::Database> database;  // load(), then the thread's

  // Touched since the last hand-over. Loop only.
  bool whole = false;
  bool images = false;
  std::set<std::string> containers;
  std::set<std::string> properties;
  std::set<std::string> requests;
  std::size_t events = 0;

  std::mutex mutex;  // guards the rest
  std::optional<StateBatch> pending;
  bool busy = false;
  bool failed = false;
  bool ending = false;
  std::condition_variable changed;
  std::condition_variable idle;
  std::thread thread;
};

StateDb::StateDb(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<StateDb>> StateDb::open(const std::string& path,
                                               const std::string& journal) {
  auto database = open_prepared(path, journal);
  if (!database) {
    remove_files(path);
    database = open_prepared(path, journal);
  }
  if (!database) return fail(std::move(database.error()));
  auto impl = std::make_unique<Impl>(std::move(*database));
  sigset_t all, before;  // signals belong to the loop
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  impl->thread = std::thread([state = impl.get()] { state->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return std::unique_ptr<StateDb>(new StateDb(std::move(impl)));
}

StateDb::~StateDb() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
  }
  impl_->changed.notify_one();
  impl_->thread.join();
}

model::State StateDb::load() {
  impl_->wait();
  auto state = read_state_rows(*impl_->database);
  if (state) return std::move(*state);
  forget();
  return {};
}

void StateDb::forget() {
  impl_->whole = true;
}

void StateDb::update(const model::State& state, const std::vector<model::Event>& events) {
  for (const model::Event& event : events) {
    model::Touched touched = model::touched_by(event);
    if (!touched.container.empty()) impl_->containers.insert(touched.container);
    if (!touched.property.empty()) impl_->properties.insert(touched.property);
    if (touched.image) impl_->images = true;
    auto key = event.data.find("idempotencyKey");
    if (event.phase == model::Phase::kIntent && key != event.data.end() && key->is_string())
      impl_->requests.insert(key->get<std::string>());
  }
  impl_->events += events.size();
  if (impl_->events >= kFlushAfter && impl_->is_idle()) impl_->hand_over(state);
}

void StateDb::flush(const model::State& state, bool wait) {
  // Handing over while a batch waits would replace it: the thread has at most one.
  impl_->wait();
  if (impl_->events > 0 || impl_->whole) impl_->hand_over(state);
  if (wait) impl_->wait();
}

}  // namespace bulkhead::store
