// registry.upload: content from a file to a registry.
//
//     blob      HEAD                        there already: present
//               POST ?mount=&from=          another repository of this registry has it: mounted
//               POST                        an upload begins; its Location is where it goes on
//               PATCH                       the bytes, in one piece
//               (cut?) GET                  how far it came; PATCH the rest from there. An upload
//                                           that the registry has forgotten begins anew
//               PUT ?digest=                the end; the registry verifies
//     manifest  HEAD, PUT
//
// One PATCH and not many small ones: it is what every registry is used to, some refuse small pieces
// and some large numbers of them; and what a cut costs is up to the registry either way.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "bulkhead/unique_fd.hpp"
#include "content.hpp"
#include "errand.hpp"
#include "registry_call.hpp"

namespace bulkhead::registry {

class Upload : public Errand {
 public:
  struct Request {
    Remote remote;
    Content content;
    std::vector<Reference> mount_from;
    bool tag = false;
  };
  Upload(Connections& connections, Request request, UniqueFd file, Told told);

 private:
  using Then = void (Upload::*)(const HttpHead&);
  // One request; what follows a refusal is the end, unless `otherwise` is given.
  void ask(const char* method, std::string path, Then then, Then otherwise = nullptr,
           const std::string& content_type = {});
  void look();
  void looked(const HttpHead& head);
  void not_there(const HttpHead& head);
  void begin();
  void begun(const HttpHead& head);
  void send();
  void ask_how_far(Error why);
  void put_end(const HttpHead& head);
  void not_taken(const HttpHead& head);
  void put_manifest();
  void uploaded(const HttpHead& head);
  Status follow(const HttpHead& head);  // location_ from its Location
  void finish_with(const char* outcome);
  void finish(Result<Json> result);
  void tell(const std::string& why = {});
  std::vector<Scope> scopes() const;

  Connections& connections_;
  Request request_;
  UniqueFd file_;
  Told told_;
  std::vector<Endpoint> endpoints_;
  std::string location_;
  size_t mounts_tried_ = 0;
  int restarts_ = 0;
  Error refusal_;                     // of the last request that has an alternative
  std::optional<Error> end_refusal_;  // of a blob whose end was refused, though it may be there
  uint64_t at_ = 0;                   // bytes the registry is known to have
  uint64_t sent_ = 0;                 // of this PATCH
  uint64_t best_ = 0;                 // as far as it ever came
  std::chrono::steady_clock::time_point told_at_{};
  std::unique_ptr<RegistryCall> call_;
};

}  // namespace bulkhead::registry
