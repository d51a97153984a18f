// A command line run in this process against a FakeService, with its three streams in files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "command/context.hpp"
#include "support/fake_service.hpp"

namespace bulkhead::cli::testing {

struct Ended {
  int status = 0;
  std::string out;
  std::string err;
};

class Session {
 public:
  FakeService service;
  std::map<std::string, std::string> environment;
  std::string input;

  Ended run(std::vector<std::string> words);
};

// An anonymous file with this content, read from its beginning.
UniqueFd file_with(const std::string& content);
std::string content_of(int fd);

// A folder for one test, gone afterwards.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& content) const;
  std::string read(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace bulkhead::cli::testing
