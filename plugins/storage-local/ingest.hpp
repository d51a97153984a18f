// Content on its way in. Bytes stream into ingest/<n> and are hashed as they pass; only publish()
// makes them part of the store. An Ingest that ends without it leaves nothing behind.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "byte_source.hpp"
#include "content.hpp"
#include "limits.hpp"
#include "task.hpp"

namespace bulkhead::storage {

struct Received {
  Digest digest;
  uint64_t size;
};

class Ingest : public Content {
 public:
  Ingest(ContentStore& store, const Layout& layout, const Limits& limits, const Task& task);
  ~Ingest() override;

  // Everything of the source. Where the store has this content already nothing is kept twice;
  // `expected`, if known, saves even writing it, and is verified.
  Result<Received> receive(ByteSource& source, const std::optional<Digest>& expected = {});
  Result<Received> receive(Bytes bytes);

  // What was received here, else what the store has.
  std::optional<Path> find(const Digest& digest) const override;

  // Syncs these and moves them into the store; those it has are left alone.
  Status publish(const std::set<Digest>& digests);
  // Takes out again what publish() has put in, for an operation that fails after it.
  void retract();

 private:
  class Writer;
  Path next_path();

  ContentStore& store_;
  const Layout& layout_;
  const Limits& limits_;
  const Task& task_;
  ContentStore::Pin pin_;
  std::map<Digest, Path> received_;
  std::vector<Digest> published_;
};

}  // namespace bulkhead::storage
