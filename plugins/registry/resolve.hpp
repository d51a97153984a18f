// registry.resolve: what a tag means right now. Asked with HEAD, which registries answer without
// counting it as a pull; one that doesn't say the digest there is asked for the document itself.
#pragma once

#include <memory>

#include "content.hpp"
#include "errand.hpp"
#include "registry_call.hpp"

namespace bulkhead::registry {

class Resolve : public Errand {
 public:
  Resolve(Connections& connections, Remote remote, Told told);

 private:
  void ask(const char* method);
  void asked(Result<HttpHead> head);
  void read(Result<HttpHead> head);
  void conclude(const HttpHead& head, const std::string& digest, uint64_t size);
  void finish(Result<Json> result);

  Connections& connections_;
  Remote remote_;
  Told told_;
  std::string document_;
  std::unique_ptr<RegistryCall> call_;
};

}  // namespace bulkhead::registry
