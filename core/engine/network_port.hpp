// The networks as a container's flows see them: it joins before its machine boots, and leaves when
// its machine is gone. Networks is the real one; tests put their own behind it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::engine {

class NetworkPort {
 public:
  virtual ~NetworkPort() = default;

  // Two descriptors for each network of the container, in their order, as runtime.create takes
  // them; none if `cables` has them already, the switch's end for each network. Its published ports
  // are open then. After a failure it is a member of none.
  using Joined = std::function<void(Result<std::vector<UniqueFd>>)>;
  virtual void join(const std::string& id, std::vector<UniqueFd> cables, Joined joined) = 0;
  // A network whose host process has been replaced since join() takes the container in again: what
  // its runtime has kept the other end of is known only now.
  virtual void confirm(const std::string& id) = 0;
  // When `left` is called its ports and names are free. At once if it is no member.
  virtual void leave(const std::string& id, std::function<void()> left) = 0;
};

}  // namespace bulkhead::engine
