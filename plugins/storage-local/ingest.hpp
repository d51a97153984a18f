// Content on its way in. Bytes stream into ingest/<n> and are hashed as they pass; only commit.hpp
// makes them part of the store. An Ingest that ends without it leaves nothing behind.
#pragma once

#include <map>
#include <optional>

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

  const std::map<Digest, Path>& received() const { return received_; }

 private:
  class Writer;
  Path next_path();

  ContentStore& store_;
  const Layout& layout_;
  const Limits& limits_;
  const Task& task_;
  ContentStore::Pin pin_;
  std::map<Digest, Path> received_;
};

}  // namespace bulkhead::storage
