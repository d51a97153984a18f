// What the store keeps for itself and not for a container or an image: volumes, which outlive those
// who use them. A disk volume is one file with a file system, for one machine at a time; a folder
// volume is a folder of the host, which several share.
//
// A volume is made under a name that none can have and renamed when it is whole. Only being asked
// for it by name removes one: what is in there is nobody's copy.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "bulkhead/json.hpp"
#include "store.hpp"
#include "volume_disk.hpp"

namespace bulkhead::storage {

// Names become folder names: [A-Za-z0-9][A-Za-z0-9_.-]*, at most 255.
Result<std::string> volume_name(const Json& request);

struct Folder {};
struct VolumeRequest {
  std::string name;
  std::variant<VolumeDisk, Folder> kind;
};

// What is there already is answered as it is.
Result<Json> create_volume(Store& store, const VolumeRequest& request);
uint64_t delete_volume(Store& store, const std::string& name);  // allocated bytes that went
std::vector<std::string> list_volumes(const Store& store);
Json measure_volumes(const Store& store);  // allocated bytes by name
// What is in them by name, as far as their file systems say; see ext4_usage.hpp.
Json measure_volume_contents(const Store& store);

}  // namespace bulkhead::storage
