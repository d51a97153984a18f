// The virtiofsd of each folder of one machine, and which folder has one.
//
// A clone's folders go by 9p: what a server knows of a folder can't be saved with a template. So
// that nobody has to know whether a template was there in time, they go by 9p in every machine that
// might have been a clone, also in one that is booted after all. Otherwise each start tries: a
// folder that virtiofsd can't serve goes by 9p and says why. Where virtio-fs was ordered, there are
// no clones, and a folder that can't be served is an error.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "requests.hpp"
#include "share_server.hpp"

namespace bulkhead::qemu {

// Whether this one is, or would be if a template were there.
bool machines_are_cloned(const Machine& machine);

class ShareServers {
 public:
  // `lost` may be called for each server that ends by itself.
  ShareServers(loop::Loop& loop, const Config& config,
               std::function<void(const std::string& how)> lost);

  // Starts the servers and notes in each share what carries it.
  Status serve(Machine& machine);
  // One of each share that has a server, in their order.
  std::vector<int> connections() const;
  void let_go();  // QEMU holds the connections now
  void end();

 private:
  Status serve(Share& share, const std::string& virtiofsd);

  loop::Loop& loop_;
  std::string virtiofsd_;
  std::string folder_;
  std::function<void(const std::string&)> lost_;
  std::vector<std::unique_ptr<ShareServer>> servers_;
};

}  // namespace bulkhead::qemu
