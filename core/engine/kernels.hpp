// Which kernel a VM boots: the one set by `container system kernel set`, else the one that came
// with this build. Kernels lie in <data>/kernels/<name>; the journal says which one counts.
#pragma once

#include <string>

#include "operations.hpp"

namespace bulkhead::engine {

class Kernels {
 public:
  struct Places {
    std::string directory;     // <data>/kernels
    std::string recommended;   // share/bulkhead/vmlinux
    std::string architecture;  // "amd64", "arm64": the host's
  };
  // Runs the first function on a worker thread and then the second on the loop.
  using Work = std::function<void(std::function<void()> blocking, std::function<void()> then)>;
  Kernels(Operations& operations, Places places, Work work)
      : operations_(operations), places_(std::move(places)), work_(std::move(work)) {}

  // The path to boot; kNotFound with what to do if there is none.
  Result<std::string> current() const;

  struct Set {
    std::string source;  // "binary", "tar", "recommended"
    std::string name;    // file name to keep it under
    std::string member;  // of the archive, for "tar"
    std::string digest;  // expected "sha256:<hex>", or ""
    std::string architecture;
    bool force = false;
    UniqueFd file;
  };
  void set(Set command, const model::Origin& origin, Answer done);
  void recover(const model::Operation& operation, std::function<void()> done);

 private:
  Operations& operations_;
  Places places_;
  Work work_;
};

}  // namespace bulkhead::engine
