// One folder's virtiofsd, and QEMU's connection to it.
//
// It is started before the machine and asked for its features, so that one that can't serve the
// folder is found out while there still is another way. Its socket has a path in the machine's
// folder only until it is connected to. It ends when its connection does, which QEMU holds; it is
// killed with this object, and with the thread that made it. One that ends before its machine is
// told once: the guest would wait for its answers for ever.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bulkhead/child.hpp"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "core/loop/child_watch.hpp"
#include "core/loop/fd_stream.hpp"
#include "machine.hpp"
#include "virtiofsd.hpp"

namespace bulkhead::qemu {

class ShareServer {
 public:
  // `socket` is where its socket may be made. Waits for its first answer. `gone` is called with how
  // it ended.
  static Result<std::unique_ptr<ShareServer>> start(
      loop::Loop& loop, const std::string& virtiofsd, const Share& share, User user,
      const std::string& socket, std::function<void(const std::string& how)> gone);
  ~ShareServer();

  // What QEMU speaks vhost-user over.
  const UniqueFd& connection() const { return connection_; }
  // QEMU has its own by now.
  void let_go() { connection_.reset(); }

 private:
  explicit ShareServer(Child child, UniqueFd connection)
      : child_(std::move(child)), connection_(std::move(connection)) {}
  Status greet(int complaints);
  void drain(loop::Loop& loop, UniqueFd complaints);

  Child child_;
  UniqueFd connection_;
  std::unique_ptr<loop::FdStream> complaints_;  // read, so that it can go on complaining
  std::unique_ptr<loop::ChildWatch> watch_;
};

}  // namespace bulkhead::qemu
