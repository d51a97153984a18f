// A store of its own for each test, and the tools that look at what came of it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "methods.hpp"
#include "store.hpp"

namespace bulkhead::storage {

class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const Path& path() const { return path_; }

 private:
  Path path_;
};

struct Outcome {
  int status;          // of the shell's command
  std::string output;  // standard output and error
};
Outcome run_command(const std::string& command);

// A file with these bytes, open for reading.
UniqueFd file_with(const std::string& bytes);
// A pipe that delivers these bytes, a few at a time, and then ends.
UniqueFd pipe_with(const std::string& bytes);

class Sandbox {
 public:
  explicit Sandbox(const Limits& limits = {});

  Path root() const { return dir_.path() / "store"; }
  Store& store() { return *store_; }
  Task& task() { return task_; }

  // A method as the host calls it.
  Result<Json> call(const std::string& method, const Json& body, UniqueFd fd = UniqueFd());
  Result<Json> load(const std::string& archive, const std::string& label = "test.tar",
                    bool force = false);

  // What came with the last answer.
  std::vector<UniqueFd> answer_fds;

  // The plugin ends and starts again.
  void restart();

  // Files below the root but the two of an empty layout: what "nothing stays" is measured by.
  std::vector<std::string> leftovers() const;
  // What e2fsck finds wrong with a disk; empty if nothing.
  static std::string check_disk(const Path& disk);
  static std::string debugfs(const Path& disk, const std::string& request);

 private:
  TempDir dir_;
  Task task_;
  std::unique_ptr<Store> store_;
};

inline const Json kAmd64{{"os", "linux"}, {"architecture", "amd64"}};
inline const Json kArm64{{"os", "linux"}, {"architecture", "arm64"}};

}  // namespace bulkhead::storage
