// What the requests ask for, as the router sees it: the seam at which tests put a fake VM.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "guest/core/container_spec.hpp"
#include "guest/core/http2_server.hpp"
#include "guest/core/process_spec.hpp"
#include "guest/core/statistics.hpp"

namespace bulkhead::guest {

// Who waits for a process: its stream, and the session the stream is part of.
struct Caller {
  Http2Server& server;
  StreamId stream;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string ping() = 0;
  virtual Status configure(const ContainerSpec& spec) = 0;
  // Accepts (the owner of the stream answers it later) or refuses. json is the text spec was read
  // from.
  virtual Result<StreamOwner*> start(const std::string& id, const ProcessSpec& spec,
                                     std::string_view json, Caller caller) = 0;
  virtual Status signal(const std::string& id, int signal) = 0;
  virtual Status resize(const std::string& id, TerminalSize size) = 0;
  // Streams of sockets. The first tells of connections to sockets of the host; the second is one of
  // those; the third is a new one to a socket of the container.
  virtual Result<StreamOwner*> socket_notices(Caller caller) = 0;
  virtual Result<StreamOwner*> take_connection(uint64_t connection, Caller caller) = 0;
  virtual Result<StreamOwner*> connect_socket(uint64_t socket, Caller caller) = 0;
  // As if configure() had never been: no process may be left.
  virtual Status reset() = 0;
  // Files that the host has seen change.
  virtual Status touch(const std::vector<std::string>& paths) = 0;
  virtual Result<Statistics> statistics() = 0;
  // What the kernel has said since the boot, for the body of an answer.
  virtual std::string kernel_log() = 0;
  // After the answer to this request has left.
  virtual void shut_down() = 0;
};

}  // namespace bulkhead::guest
