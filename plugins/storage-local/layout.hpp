// Where things are below the plugin's root. images/ is an OCI image layout that other tools may
// read (and, with the service stopped, write); everything else is ours.
//
// clang-format off
//     images/{oci-layout, index.json, blobs/sha256/<hex>}  verified content; what is here is whole and never changes
//     ingest/<n>                                           what load and import receive; emptied at start
//     incoming/<hex>.part                                  what a pull receives, as far as it came; only ever appended to
//     incoming/<hex>                                       the same, whole and verified, but of no image yet
//     disks/<manifest hex>.ext4                            image disks, made from blobs; *.tmp while being made
//     templates/<bytes>.ext4                               formatted writable disks
//     containers/<id>/writable.ext4                        one per container
//     volumes/<name>/{volume.ext4, data/}                  a disk or a folder; .new while being made
// clang-format on
//
// What a pull has received outlives a restart, so that a large image comes in the end over a bad
// line; what nobody came back for within a week is removed at the next start.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "digest.hpp"
#include "file_io.hpp"

namespace bulkhead::storage {

class Layout {
 public:
  static constexpr const char* kPart = ".part";

  explicit Layout(Path root) : root_(std::move(root)) {}

  // Makes the folders and removes what a former run left half done.
  Status initialize() const;

  Path index() const { return root_ / "images" / "index.json"; }
  Path blobs() const { return root_ / "images" / "blobs" / "sha256"; }
  Path blob(const Digest& digest) const { return blobs() / digest.hex(); }
  Path ingest() const { return root_ / "ingest"; }
  Path incoming() const { return root_ / "incoming"; }
  Path incoming(const Digest& digest) const { return incoming() / digest.hex(); }
  Path part(const Digest& digest) const { return incoming() / (digest.hex() + kPart); }
  Path disks() const { return root_ / "disks"; }
  Path disk(const Digest& manifest) const { return disks() / (manifest.hex() + ".ext4"); }
  Path templates() const { return root_ / "templates"; }
  Path containers() const { return root_ / "containers"; }
  Path container(const std::string& id) const { return containers() / id; }
  Path volumes() const { return root_ / "volumes"; }
  Path volume(const std::string& name) const { return volumes() / name; }
  Path unfinished_volume() const { return volumes() / ".new"; }  // no volume's name begins so

 private:
  Path root_;
};

}  // namespace bulkhead::storage
