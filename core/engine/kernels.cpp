#include "kernels.hpp"

#include <unistd.h>

#include <filesystem>

#include "kernel_file.hpp"
#include "model/facts.hpp"
#include "model/kernel_decide.hpp"

namespace bulkhead::engine {

Result<std::string> Kernels::current() const {
  auto set = operations_.state().kernels.find(places_.architecture);
  std::string path = set == operations_.state().kernels.end() || set->second.source == "recommended"
                         ? places_.recommended
                         : set->second.path;
  if (access(path.c_str(), R_OK) == 0) return path;
  return fail(Code::kNotFound, "there is no kernel at " + path,
              "guest/kernel/build.sh builds it, `container system kernel set` installs another");
}

void Kernels::set(Set command, const model::Origin& origin, Answer done) {
  if (command.architecture.empty()) command.architecture = places_.architecture;
  if (command.name.find('/') != std::string::npos || command.name.starts_with("."))
    return done(fail(Code::kInvalid, "a kernel can't be kept under the name " + command.name));
  bool recommended = command.source == "recommended";
  std::string path = recommended ? places_.recommended : places_.directory + "/" + command.name;
  model::SetKernel decision{command.architecture,
                            recommended ? "recommended" : command.name,
                            path,
                            command.digest,
                            command.source,
                            command.force || recommended};
  auto shared = std::make_shared<Set>(std::move(command));
  Operations::Steps steps;
  steps.decide = [decision, origin](const model::State& state) {
    return model::decide_kernel_set(state, decision, origin);
  };
  steps.effect = [this, shared, path, recommended](const model::Event&, const Report& report) {
    if (recommended) {
      if (access(path.c_str(), R_OK) != 0)
        return report({fail(Code::kNotFound, "the kernel of this version is not at " + path,
                            "guest/kernel/build.sh builds it"),
                       {}});
      return report({Json{{"path", path}, {"digest", ""}}, {}});
    }
    std::error_code error;
    std::filesystem::create_directories(places_.directory, error);
    auto installed = std::make_shared<Result<KernelFile>>(fail(Code::kInternal, "not run"));
    work_(
        [this, shared, installed] {
          KernelOrder order{places_.directory, shared->name, shared->architecture, shared->digest};
          *installed = shared->source == "tar"
                           ? install_kernel_from_tar(shared->file, shared->member, order)
                           : install_kernel(shared->file, order);
        },
        [installed, report] {
          if (!*installed) return report({fail(installed->error()), {}});
          report({Json{{"path", (*installed)->path}, {"digest", (*installed)->digest}}, {}});
        });
  };
  operations_.perform(origin, std::move(steps), std::move(done));
}

// A half-written file has another name than the kernel's, so nothing was changed.
void Kernels::recover(const model::Operation& operation, std::function<void()> done) {
  operations_.lose(operation, "the service ended before the kernel was set", std::move(done));
}

}  // namespace bulkhead::engine
