// A directory of its own for each test, clocks that tests set, and events in one line.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/facts.hpp"
#include "store/journal.hpp"
#include "store/reader.hpp"

namespace bulkhead::store::test {

using model::Json;
using model::Operation;
using model::Phase;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "bulkhead-store-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// One second per look, so that every event has its own time.
inline Clock ticking_clock() {
  auto now = std::make_shared<int64_t>(1'700'000'000'000'000);
  return {[now] { return *now += 1'000'000; }, [now] { return *now - 1'700'000'000'000'000; }};
}

inline std::unique_ptr<Journal> open_journal(const std::string& path, int64_t max_pages = 0) {
  Journal::Options options;
  options.path = path;
  options.clock = ticking_clock();
  options.max_pages = max_pages;
  auto journal = Journal::open(std::move(options));
  EXPECT_TRUE(journal) << journal.error().message;
  return journal ? std::move(*journal) : nullptr;
}

inline Reader open_reader(const std::string& path) {
  auto reader = Reader::open(path);
  EXPECT_TRUE(reader) << reader.error().message;
  return std::move(*reader);
}

inline std::vector<NewEvent> one(NewEvent event) {
  std::vector<NewEvent> events;
  events.push_back(std::move(event));
  return events;
}

inline NewEvent note(const std::string& stream, int number = 0) {
  return model::fact(stream, "test.noted", {{"number", number}});
}

inline Operation operation_of(const Event& intent) {
  Operation operation;
  operation.op = intent.seq;
  operation.stream = intent.stream;
  operation.type = intent.type;
  return operation;
}

// How many events a new journal has of its own: journal.opened and journal.migrated.
inline constexpr Seq kBirth = 2;

}  // namespace bulkhead::store::test
