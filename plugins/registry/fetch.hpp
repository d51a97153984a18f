// registry.fetch: content from a registry into a pipe.
//
// Invariant: what has gone into the pipe is the content's bytes from `offset` on, in order and each
// once, however often the transfer was cut: every attempt asks for the range from where the last
// one stopped, and a server that ignores ranges has its first bytes skipped. Never more than the
// promised size. Whether they are the right bytes is for the reader to find out, by their digest.
#pragma once

#include <chrono>
#include <memory>

#include "content.hpp"
#include "errand.hpp"
#include "pipe_sink.hpp"
#include "registry_call.hpp"

namespace bulkhead::registry {

class Fetch : public Errand {
 public:
  struct Request {
    Remote remote;
    Content content;
    uint64_t offset = 0;
  };
  Fetch(Connections& connections, Request request, UniqueFd pipe, Told told);

 private:
  void prepare(HttpRequest& request);
  Status begin(const HttpHead& head);
  Result<HttpCall::Taken> take(std::string_view bytes);
  void drained();
  void fetched(Result<HttpHead> head);
  void tell(const std::string& why = {});
  void finish(Result<Json> result);

  Request request_;
  Told told_;
  uint64_t at_;        // bytes of the content that were taken
  uint64_t skip_ = 0;  // bytes of this response that were taken by an earlier one
  bool whole_ = false;
  bool paused_ = false;
  std::chrono::steady_clock::time_point told_at_{};
  PipeSink sink_;
  std::unique_ptr<RegistryCall> call_;
};

// The first byte of "bytes 100-199/500"; nothing if it isn't of that form.
std::optional<uint64_t> parse_content_range(std::string_view text);

}  // namespace bulkhead::registry
