// One layer: a tar stream, perhaps compressed, applied to the tree and its contents to the data
// area. The stream is read to its very end, because its digest (the DiffID) is over all of it, also
// over what stands behind the archive's end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data_area.hpp"
#include "digest.hpp"
#include "file_tree.hpp"
#include "limits.hpp"
#include "tar_reader.hpp"
#include "task.hpp"

namespace bulkhead::storage {

struct LayerSource {
  using Open = std::function<Result<std::unique_ptr<EncodedSource>>(const Task& task)>;

  std::string what;  // for messages: "layer 2 of 3"
  Open open;
  std::optional<Digest> diff_id;  // what its config promises
};
LayerSource::Open open_file(Path path);

class LayerApplier {
 public:
  LayerApplier(FileTree& tree, DataArea& area, const Limits& limits, const Task& task)
      : tree_(tree), area_(area), limits_(limits), task_(task) {}

  // Members that are refused are left out instead, and listed in skipped(). Only by the user's
  // explicit wish.
  void skip_refused() { skip_refused_ = true; }
  const std::vector<std::string>& skipped() const { return skipped_; }

  // The layer's DiffID.
  Result<Digest> apply(const LayerSource& layer);

  // The archive alone; apply() without file, compression and digest. For the fuzzer too.
  Status apply_archive(ByteSource& tar);

 private:
  Status apply_member(TarReader& reader, const Member& member);
  Status apply_entry(TarReader& reader, const Member& member, const Components& path);
  Status apply_whiteout(const Components& directory, std::string_view marker);
  Result<Extents> store_content(TarReader& reader, const Member& member);

  FileTree& tree_;
  DataArea& area_;
  Limits limits_;
  const Task& task_;
  bool skip_refused_ = false;
  std::vector<std::string> skipped_;
};

}  // namespace bulkhead::storage
