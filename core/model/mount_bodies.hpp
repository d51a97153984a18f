// What a container's mounts become in the requests to its machine and its guest
// (sdk/schema/METHODS.md, guest/PROTOCOL.md): disks, shared folders and relayed sockets outside,
// and inside the mounts that use them, parents before what lies in them.
//
// A single file can't be shared alone: its share is a folder, and the guest mounts one name of it.
#pragma once

#include <map>
#include <string>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// What a host path of a configuration leads to; found out by the engine at each start.
struct MountSource {
  enum class Kind : uint8_t { kFolder, kFile, kSocket };
  Kind kind = Kind::kFolder;
  std::string path;  // of the folder to share, or of the socket
  std::string file;  // in that folder, of a single file
};
using MountSources = std::map<std::string, MountSource, std::less<>>;  // by the source as it stands

struct MountBodies {
  Json disks = Json::array();    // Machine.disks
  Json shares = Json::array();   // Machine.shares
  Json sockets = Json::array();  // Machine.sockets
  Json mounts = Json::array();   // Guest.mounts
};
Result<MountBodies> mount_bodies(const Json& configuration, const State& state,
                                 const MountSources& sources);

// Adds them to Machine and Guest. Sockets of both kinds may come from elsewhere too: the guest
// knows each by its place in Machine.sockets.
void put_mounts(const MountBodies& bodies, Json& machine, Json& guest);
void put_sockets(const Json& sockets, Json& machine, Json& guest);

}  // namespace bulkhead::model
