#include "sandbox.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace bulkhead::registry {

Sandbox::Sandbox() {
  std::string pattern = (std::filesystem::temp_directory_path() / "registry-test-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

Sandbox::~Sandbox() {
  std::filesystem::remove_all(path_);
}

std::string Sandbox::path(const std::string& name) const {
  return name.empty() ? path_.string() : (path_ / name).string();
}

std::string Sandbox::write(const std::string& name, const std::string& content, int mode) const {
  const std::string file = path(name);
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  std::ofstream(file, std::ios::binary) << content;
  ::chmod(file.c_str(), static_cast<mode_t>(mode));
  return file;
}

std::string Sandbox::read(const std::string& name) const {
  std::ifstream stream(path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

int Sandbox::mode(const std::string& name) const {
  struct stat st {};
  return ::stat(path(name).c_str(), &st) == 0 ? static_cast<int>(st.st_mode & 07777) : -1;
}

void Sandbox::helper(const std::string& name, const std::string& body) const {
  write("bin/docker-credential-" + name, "#!/bin/sh\n" + body + "\n", 0755);
  const std::string old = std::getenv("PATH");
  if (!old.starts_with(path("bin"))) ::setenv("PATH", (path("bin") + ":" + old).c_str(), 1);
}

Variable::Variable(const char* name, const char* value) : name_(name) {
  const char* before = std::getenv(name);
  was_set_ = before != nullptr;
  if (was_set_) before_ = before;
  if (value == nullptr) {
    ::unsetenv(name);
  } else {
    ::setenv(name, value, 1);
  }
}

Variable::~Variable() {
  if (was_set_) {
    ::setenv(name_.c_str(), before_.c_str(), 1);
  } else {
    ::unsetenv(name_.c_str());
  }
}

}  // namespace bulkhead::registry
