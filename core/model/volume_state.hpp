// A volume as the events have it: a disk (ext4) or a shared folder that outlives the containers
// which mount it. It is there from the intent to create it (the name is taken from then on) to the
// ok-outcome of its deletion.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/event.hpp"

namespace bulkhead::model {

// Has this label, with any value, who made it because no name was given.
inline constexpr const char* kAnonymousLabel = "com.apple.container.resource.anonymous";

struct VolumeState {
  std::string name;
  std::string format;  // "ext4": one machine at a time writes; "folder": many do
  std::string source;  // the disk or the folder on the host; "" while it is being made
  Json labels = Json::object();
  Json options = Json::object();
  std::optional<int64_t> bytes;  // nominal, of a disk
  Seq created_seq = 0;
  int64_t created_at_us = 0;
  Seq made_by = 0;  // the intent of the container.create that wanted it; 0: a user
  Seq create_op = 0;
  Seq delete_op = 0;
  bool operator==(const VolumeState&) const = default;

  bool exists() const { return create_op == 0; }
  bool anonymous() const { return labels.contains(kAnonymousLabel); }
  bool shared() const { return format == "folder"; }
};

}  // namespace bulkhead::model
