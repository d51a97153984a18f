#include "receive.hpp"

#include <fcntl.h>

#include <cerrno>

#include "byte_source.hpp"
#include "growing_file.hpp"

namespace bulkhead::storage {
namespace {

Status check_size(const ReceiveRequest& request, const Limits& limits) {
  const uint64_t most = request.is_document ? limits.document_bytes : limits.blob_bytes;
  if (request.content.size <= most) return {};
  return fail(Code::kCorrupt, "it has " + std::to_string(request.content.size) +
                                  " bytes, more than the " + std::to_string(most) + " of any " +
                                  (request.is_document ? "manifest" : "layer"));
}

Status check_size_here(const Store& store, const Descriptor& content) {
  const uint64_t there = size_of_file(store.incoming.find(content.digest).value_or(Path()));
  if (there == content.size) return {};
  return fail(Code::kCorrupt, "it has " + std::to_string(there) + " bytes, not the " +
                                  std::to_string(content.size) + " that are promised");
}

class Receiver {
 public:
  Receiver(const ReceiveRequest& request, Incoming::Arrival& arrival, GrowingFile file,
           const Task& task)
      : request_(request), arrival_(arrival), file_(std::move(file)), task_(task) {}

  Status receive(int fd) {
    const uint64_t promised = request_.content.size;
    if (file_.size() < promised) {
      if (Status space = file_.check_space(promised - file_.size()); !space) return space;
    }
    if (Status hashed = hash_what_is_here(); !hashed) return hashed;
    FdSource source(fd, task_);
    for (;;) {
      Result<Bytes> bytes = source.next();
      if (!bytes) return tl::unexpected(std::move(bytes.error()));
      if (bytes->empty()) return end();
      if (file_.size() + bytes->size() > promised) {
        arrival_.discard();
        return fail(Code::kCorrupt,
                    "more than the " + std::to_string(promised) + " bytes came that it has");
      }
      if (Status written = file_.write(*bytes); !written) return written;
      hash_.update(*bytes);
      arrival_.came(file_.size());
    }
  }

 private:
  Status hash_what_is_here() {
    if (file_.size() == 0) return {};
    FdSource source(file_.fd(), task_);
    for (uint64_t hashed = 0; hashed < file_.size();) {
      Result<Bytes> bytes = source.next();
      if (!bytes) return tl::unexpected(std::move(bytes.error()));
      if (bytes->empty()) return fail(Code::kInternal, "its file has become shorter");
      hash_.update(*bytes);
      hashed += bytes->size();
    }
    arrival_.came(file_.size());
    return {};
  }

  Status end() {
    if (file_.size() < request_.content.size) {
      return fail(Code::kRetry, "only " + std::to_string(file_.size()) + " of " +
                                    std::to_string(request_.content.size) + " bytes came");
    }
    if (const Digest digest = hash_.finish(); digest != request_.content.digest) {
      arrival_.discard();
      return fail(Code::kCorrupt, "what came is " + digest.brief());
    }
    if (Status synced = sync_file(file_.fd(), arrival_.part().string()); !synced) return synced;
    return arrival_.finish();
  }

  const ReceiveRequest& request_;
  Incoming::Arrival& arrival_;
  GrowingFile file_;
  const Task& task_;
  Sha256 hash_;
};

Status receive(Store& store, const ReceiveRequest& request, int fd, const Task& task) {
  if (Status fits = check_size(request, store.limits); !fits) return fits;
  Result<std::unique_ptr<Incoming::Arrival>> arrival =
      store.incoming.begin(request.content.digest, request.offset);
  if (!arrival) return tl::unexpected(std::move(arrival.error()));
  if (*arrival == nullptr) return check_size_here(store, request.content);
  const Path part = (*arrival)->part();
  UniqueFd file(::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return fail_errno("open " + part.string(), errno);
  GrowingFile growing(std::move(file), part, store.limits, request.offset);
  return Receiver(request, **arrival, std::move(growing), task).receive(fd);
}

}  // namespace

Result<uint64_t> receive_content(Store& store, const ReceiveRequest& request, int fd,
                                 const Task& task) {
  ContentStore::Pin pin(store.content);
  pin.add(request.content.digest);
  if (Status received = receive(store, request, fd, task); !received)
    return fail(std::move(received.error()).context("receive " + request.content.digest.brief()));
  return request.content.size;
}

}  // namespace bulkhead::storage
