#include "accelerator.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "log.hpp"
#include "model/facts.hpp"
#include "model/read_json.hpp"

namespace bulkhead::engine {

std::string host_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string qemu_identity() {
  const char* path = getenv("PATH");
  std::stringstream places(path ? path : "/usr/bin");
  for (std::string place; std::getline(places, place, ':');) {
#if defined(__x86_64__)
    std::string file = place + "/qemu-system-x86_64";
#else
    std::string file = place + "/qemu-system-aarch64";
#endif
    if (access(file.c_str(), X_OK) == 0) return file_identity(file);
  }
  return {};
}

std::string file_identity(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return {};
  return path + ":" + std::to_string(found.st_size) + ":" + std::to_string(found.st_mtime);
}

std::string kvm_identity() {
  struct stat found {};
  if (stat("/dev/kvm", &found) != 0) return "no kvm";
  return "kvm:" + std::to_string(found.st_mode) + ":" + std::to_string(found.st_gid) + ":" +
         (access("/dev/kvm", R_OK | W_OK) == 0 ? "usable" : "refused");
}

Accelerator::Accelerator(store::Ledger& ledger, Probe probe, Subject subject)
    : ledger_(ledger),
      probe_(std::move(probe)),
      subject_(std::move(subject)),
      boot_id_(host_boot_id()) {}

std::string Accelerator::about() const {
  return boot_id_ + "/" + qemu_identity() + "/" + kvm_identity() + "/" + subject_();
}

std::string Accelerator::about_this_life() const {
  return about() + "/daemon " + std::to_string(getpid());
}

const model::Accelerator* Accelerator::known() const {
  const auto& verdict = ledger_.state().accelerator;
  if (!verdict) return nullptr;
  if (verdict->boot_id != about() && verdict->boot_id != about_this_life()) return nullptr;
  return &*verdict;
}

void Accelerator::verdict(std::function<void(const std::string&)> then) {
  if (const auto* verdict = known()) return then(verdict->usable ? "kvm" : "tcg");
  waiting_.push_back(std::move(then));
  if (std::exchange(probing_, true)) return;
  probe_([this](const Result<Json>& result) { probed(result); });
}

void Accelerator::probed(const Result<Json>& result) {
  Json data =
      result ? *result
             : Json{{"usable", false}, {"reason", "the probe failed: " + result.error().message}};
  const bool certain = result && !model::read_flag(data, "timedOut");
  data["bootId"] = certain ? about() : about_this_life();
  log::info("accelerator: " + std::string(model::read_flag(data, "usable") ? "kvm" : "tcg") + " (" +
            model::read_text(data, "reason") + ")");
  // Even if it can't be journaled, the runs that wait go on: with emulation, which always works.
  ledger_.record({model::fact("accelerator/kvm", "accelerator.probed", data)},
                 [this, data](const Result<std::vector<model::Event>>&) {
                   probing_ = false;
                   for (auto& then : std::exchange(waiting_, {}))
                     then(model::read_flag(data, "usable") ? "kvm" : "tcg");
                 });
}

void Accelerator::disprove(const std::string& reason) {
  log::warning("accelerator: " + reason);
  ledger_.record({model::fact("accelerator/kvm", "accelerator.probed",
                              {{"usable", false}, {"reason", reason}, {"bootId", about()}})});
}

Json Accelerator::describe() const {
  const auto* verdict = known();
  if (!verdict) return {{"kind", "unknown"}, {"reason", "not probed yet"}};
  return {{"kind", verdict->usable ? "kvm" : "tcg"}, {"reason", verdict->reason}};
}

}  // namespace bulkhead::engine
