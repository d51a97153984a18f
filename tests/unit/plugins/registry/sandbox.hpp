// A directory for one test, with the files and the helpers that it wants in it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace bulkhead::registry {

class Sandbox {
 public:
  Sandbox();
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  std::string path(const std::string& name = {}) const;
  std::string write(const std::string& name, const std::string& content, int mode = 0600) const;
  std::string read(const std::string& name) const;
  int mode(const std::string& name) const;

  // A program docker-credential-NAME, found by the PATH that this sets; the body is a shell script.
  void helper(const std::string& name, const std::string& body) const;

 private:
  std::filesystem::path path_;
};

// An environment variable for the time of one test; null unsets it.
class Variable {
 public:
  Variable(const char* name, const char* value);
  ~Variable();
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
  std::string before_;
  bool was_set_;
};

}  // namespace bulkhead::registry
