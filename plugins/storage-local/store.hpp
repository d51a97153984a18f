// What all operations share: the places, the content, the limits, the host's platform, and one lock
// for the moments in which names and visible files change. The long parts of operations (receiving,
// unpacking) run without it.
#pragma once

#include <mutex>

#include "bulkhead/platform.hpp"
#include "content.hpp"
#include "incoming.hpp"
#include "layout.hpp"
#include "limits.hpp"

namespace bulkhead::storage {

struct Store {
  Store(Path root, Platform host_platform, const Limits& bounds)
      : layout(std::move(root)),
        content(layout),
        incoming(layout, content),
        limits(bounds),
        host(std::move(host_platform)) {}

  Layout layout;
  ContentStore content;
  Incoming incoming;
  Limits limits;
  Platform host;
  std::mutex commit;  // held while index.json is rewritten, files get their final names, or
                      // collection removes some
};

}  // namespace bulkhead::storage
