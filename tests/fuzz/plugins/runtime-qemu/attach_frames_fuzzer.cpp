// A client that sends anything at all over its attach connection, while its process takes what
// input there is.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "attach_connection.hpp"

namespace {

using namespace bulkhead;
using namespace bulkhead::qemu;

void spin(loop::Loop& loop) {
  for (int i = 0; i < 6; ++i) loop.run_once();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static loop::Loop loop;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  UniqueFd client(ends[0]);
  int gone = 0;
  {
    std::unique_ptr<AttachConnection> connection;
    connection = std::make_unique<AttachConnection>(
        loop, UniqueFd(ends[1]),
        AttachConnection::Callbacks{[&] {
                                      std::array<uint8_t, 100> into;
                                      while (connection->take_stdin(into) > 0) continue;
                                    },
                                    [&](const Json&) { connection->control_done(); }, [] {},
                                    [&] { ++gone; }});
    connection->begin();
    if (size > 0 && size < 60'000) (void)!::write(client.get(), data, size);
    spin(loop);
    client.reset();
    spin(loop);
  }
  spin(loop);
  if (gone > 1) std::abort();
  return 0;
}
