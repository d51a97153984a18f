#include "store/journal.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "store/journal_file.hpp"
#include "store/writer.hpp"

namespace bulkhead::store {

struct Journal::Impl {
  Impl(Options given, JournalFile file)
      : options(std::move(given)),
        uuid(file.uuid),
        first(file.first),
        clean(file.clean),
        head(file.head),
        writer(std::move(file)) {}

  void enqueue(std::vector<NewEvent> events, Ack ack) {
    Batch batch;
    batch.events = std::move(events);
    batch.times = {options.clock.wall_us(), options.clock.mono_us()};
    batch.ack = std::move(ack);
    {
      std::lock_guard lock(mutex);
      queue.push_back(std::move(batch));
    }
    changed.notify_one();
  }

  // [writer] Until the end is asked for and nothing is left.
  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return ending || !queue.empty(); });
      if (queue.empty()) return;
      std::deque<Batch> taken = std::exchange(queue, {});
      lock.unlock();
      while (!taken.empty()) {
        std::deque<Batch> written;
        writer.commit(taken, written);
        lock.lock();
        std::move(written.begin(), written.end(), std::back_inserter(done));
        lock.unlock();
        delivered.notify_all();
        if (options.notify) options.notify();
      }
      lock.lock();
    }
  }

  // [loop] The oldest finished batch, if there is one. One at a time, because its callback may
  // drain too.
  std::optional<Batch> next_done(bool wait) {
    std::unique_lock lock(mutex);
    if (wait) delivered.wait(lock, [&] { return !done.empty(); });
    if (done.empty()) return std::nullopt;
    Batch batch = std::move(done.front());
    done.pop_front();
    return batch;
  }

  void deliver(Batch batch) {
    if (batch.result && !batch.result->empty()) {
      head = batch.result->back().seq;
      if (observer) observer(*batch.result);
    }
    if (batch.ack) batch.ack(std::move(batch.result));
  }

  Options options;
  std::string uuid;
  Seq first;
  bool clean;
  Seq head;  // delivered
  Observer observer;

  std::mutex mutex;  // guards the next three
  std::deque<Batch> queue;
  std::deque<Batch> done;
  bool ending = false;
  std::condition_variable changed;    // the queue, for the writer
  std::condition_variable delivered;  // done, for append_sync

  Writer writer;  // the writer's thread only, once that runs
  std::thread thread;
};

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Journal>> Journal::open(Options options) {
  auto file = open_journal_file(options.path, options.clock, options.max_pages);
  if (!file) return fail(std::move(file.error()));
  auto impl = guarded("open " + options.path, [&]() -> Result<std::unique_ptr<Impl>> {
    return std::make_unique<Impl>(options, std::move(*file));
  });
  if (!impl) return fail(std::move(impl.error()));

  // Signals belong to the loop: the thread inherits a mask that blocks all of them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  (*impl)->thread = std::thread([state = impl->get()] { state->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return std::unique_ptr<Journal>(new Journal(std::move(*impl)));
}

Journal::~Journal() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
  }
  impl_->changed.notify_one();
  impl_->thread.join();
}

const std::string& Journal::path() const {
  return impl_->options.path;
}
const std::string& Journal::uuid() const {
  return impl_->uuid;
}
Seq Journal::first() const {
  return impl_->first;
}
Seq Journal::head() const {
  return impl_->head;
}
bool Journal::clean() const {
  return impl_->clean;
}

void Journal::observe(Observer observer) {
  impl_->observer = std::move(observer);
}

void Journal::append(std::vector<NewEvent> events, Ack ack) {
  impl_->enqueue(std::move(events), std::move(ack));
}

void Journal::drain() {
  while (auto batch = impl_->next_done(false)) impl_->deliver(std::move(*batch));
}

Result<std::vector<Event>> Journal::append_sync(std::vector<NewEvent> events) {
  std::optional<Result<std::vector<Event>>> result;
  append(std::move(events), [&](Result<std::vector<Event>> ended) { result = std::move(ended); });
  while (!result) impl_->deliver(std::move(*impl_->next_done(true)));
  return std::move(*result);
}

}  // namespace bulkhead::store
