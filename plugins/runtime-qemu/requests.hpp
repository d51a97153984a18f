// The runtime methods' requests (sdk/schema/METHODS.md, runtime/1), parsed and checked.
//
// The daemon is trusted, but a plugin may be driven by a conformance checker or a replayed journal,
// so that every key is checked for its type here, once; whatever passes is a plain value that the
// rest of the room needn't doubt.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "container_log.hpp"
#include "machine.hpp"

namespace bulkhead::qemu {

using Milliseconds = std::chrono::milliseconds;

struct Config {
  std::string container;
  std::string run_dir;
  std::string log_dir;
  LogLimits log;
  std::string qemu;       // the binary; "" means qemu-system-<host architecture> from PATH
  std::string virtiofsd;  // likewise; "" means the usual places
};

struct CreateRequest {
  std::string hostname;
  Machine machine;
  Json guest;  // METHODS.md's Guest, checked to be an object; travels on to the guest
  Milliseconds boot_deadline{0};  // 0: the accelerator's own
  // One of each per network of the machine: what becomes the VM's, and a duplicate of the switch's
  // own end, kept here so that a switch that crashed can be replaced without the VM noticing.
  std::vector<UniqueFd> vm_ends, switch_ends;
  UniqueFd ram, state;      // of the template, if the machine is to be a clone
  bool disposable = false;  // when its process has ended, nothing of it is needed any more
  bool must_clone = false;  // rather none than one that was booted
  // For a host that has a parked machine: who it is from now on.
  bool parked = false;
  std::string container, log_dir;
};

// A template to be made: of this machine, into these two memory files.
struct TemplateRequest {
  Machine shape;
  UniqueFd ram, state;
  Milliseconds deadline{0};
};

struct ProcessRequest {
  std::string id;  // "init" or an exec id
  Json process;    // METHODS.md's Process, checked to be an object
  bool attach = false;
  bool with_stdin = false;
  bool terminal = false;
};

// A machine that is cloned and tried out with a container that nobody wants (`rehearsal`, its
// command `process`), so that the next one finds the way warm.
struct ParkRequest {
  CreateRequest rehearsal;
  ProcessRequest process;
};

struct SignalRequest {
  std::string process;
  int signal = 0;
};

struct StopRequest {
  int signal = 0;
  Milliseconds timeout{0};
};

struct ProbeRequest {
  std::string kernel;
  std::string initramfs;
  Milliseconds deadline{2000};
};

Result<Config> parse_config(const Json& body);
Result<CreateRequest> parse_create(const Json& body, std::vector<UniqueFd> fds = {});
Result<ParkRequest> parse_park(const Json& body, std::vector<UniqueFd> fds);
Result<ProcessRequest> parse_start(const Json& body);
Result<ProcessRequest> parse_exec(const Json& body);
Result<SignalRequest> parse_signal(const Json& body);
Result<StopRequest> parse_stop(const Json& body);
Result<TemplateRequest> parse_template(const Json& body, std::vector<UniqueFd> fds);
Result<ProbeRequest> parse_probe(const Json& body);

// plugin.h's ids: 1-128 bytes of [A-Za-z0-9._-]. They become part of paths, so nothing else may
// pass.
bool is_id(std::string_view text);

}  // namespace bulkhead::qemu
