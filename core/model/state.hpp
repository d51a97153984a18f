// The state: what the events so far amount to. It is a plain value. Only evolve() changes it,
// everything may read it, and two folds of the same events compare equal.
//
// Containers exist here from the intent to create them (their name is taken from then on) to the
// ok-outcome of their deletion; views hide what is still being created. Times are the events' own,
// never a clock's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.hpp"
#include "model/lease.hpp"
#include "model/subnet.hpp"
#include "model/volume_state.hpp"

namespace bulkhead::model {

enum class Lifecycle : uint8_t {
  kCreating,  // intent committed, disks not ready; invisible but the name is taken
  kCreated,   // never ran
  kStarting,
  kRunning,
  kStopping,  // a stop was asked for; container.exited ends it
  kStopped,
  kDeleting,
};
std::string_view lifecycle_name(Lifecycle state);  // "creating", "created", ...
std::optional<Lifecycle> lifecycle_from_name(std::string_view name);

// The process that carries one start of a container and outlives the daemon (plugin host of the
// runtime plugin).
struct RuntimeHost {
  int64_t pid = 0;
  std::string socket;
  int64_t start_time = 0;  // of the process, in the kernel's ticks: what a reused pid hasn't
  bool operator==(const RuntimeHost&) const = default;
};

struct Exec {
  Seq op = 0;
  Json process;
  bool running = false;  // false: asked for, not yet started
  bool operator==(const Exec&) const = default;
};

struct ContainerState {
  std::string id;
  Json configuration;  // as the API shows it (docs/reference/api.md, Container.configuration)
  bool auto_remove = false;
  Lifecycle state = Lifecycle::kCreating;  // follows from the fields below: settle()
  Seq created_seq = 0;                     // of the create intent: the order of lists
  int64_t created_at_us = 0;

  // Open operations, 0 for none. A later request attaches to them instead of starting its own.
  Seq create_op = 0;
  Seq start_op = 0;
  Seq stop_op = 0;
  Seq delete_op = 0;

  std::string image_digest;       // the descriptor's digest: keeps the image alive
  std::string init_image_digest;  // likewise; "" for the init that comes with this version
  std::string manifest;           // of the variant that was unpacked
  std::string image_disk;
  std::string writable_disk;
  std::string init_disk;      // of the init image
  std::vector<Lease> leases;  // of its networks, in their order; kept until it is deleted

  int64_t runs = 0;         // number of start intents
  int64_t started_run = 0;  // the last run that came up
  int64_t exited_run = 0;   // the last run that ended: a late start outcome must not revive it
  std::optional<int64_t> started_at_us;
  std::optional<int64_t> exited_at_us;
  std::optional<int> exit_code;
  std::optional<int> signal;
  bool oom_killed = false;
  std::string exit_reason;  // "exited", "vm-lost", "host-lost", "killed"; "" before the first end

  // From container.host-started to container.vm-stopped, a failed start or the host's loss.
  std::optional<RuntimeHost> host;
  int64_t pid = 0;                    // of the process in the guest, while it runs
  std::string accelerator;            // of the current or last run
  Json mounts = Json::array();        // likewise: what carries each folder of the host (views.cpp)
  std::map<std::string, Exec> execs;  // open ones only
  int64_t last_report = 0;            // the host's last journaled report: what it may forget
  int64_t ver = 0;                    // of the stream
  bool operator==(const ContainerState&) const = default;

  bool exists() const { return create_op == 0; }
  bool uses_image(std::string_view digest) const {
    return !digest.empty() && (image_digest == digest || init_image_digest == digest);
  }
  // Between the intent to start and the end of the process, whatever else is under way. A run that
  // has ended isn't up, even if the outcome of its start is still to come.
  bool up() const { return exited_run < runs && (start_op != 0 || started_run == runs); }
  const Lease* lease(std::string_view network) const {
    for (const Lease& lease : leases)
      if (lease.network == network) return &lease;
    return nullptr;
  }
  // The state without a stop or deletion under way: created, starting, running or stopped.
  Lifecycle resting() const;
  void settle();  // `state` from the rest; evolve's last act on a container
};

struct ImageState {
  std::string reference;  // "docker.io/library/web:latest"; "" if dangling
  std::string digest;     // of the descriptor: index or manifest
  Json image;             // Image of METHODS.md, with the configs of its variants
  int64_t tagged_at_us = 0;
  bool operator==(const ImageState&) const = default;
};

struct NetworkState {
  std::string name;
  int64_t created_at_us = 0;
  Subnet4 subnet;
  Subnet6 subnet_v6;
  bool internal = false;
  std::string plugin;
  Json labels = Json::object();
  Json options = Json::object();    // "mtu", "host-loopback"
  std::string last_lease;           // the IPv4 address that was given last
  std::optional<RuntimeHost> host;  // the process that switches its frames, if there is one
  std::string tap;                  // the host's interface on it, "" without
  std::string no_tap;               // why there is none, though one was tried
  bool operator==(const NetworkState&) const = default;

  bool builtin() const;
  bool host_loopback() const;  // whether containers reach services of the host's loopback
  int64_t mtu() const;
};

struct Kernel {
  std::string path;
  std::string digest;
  std::string name;
  std::string source;
  bool operator==(const Kernel&) const = default;
};

struct Accelerator {
  bool usable = false;
  std::string reason;
  std::string qemu_version;
  std::string boot_id;  // the verdict holds for this boot of the host
  bool operator==(const Accelerator&) const = default;
};

struct PluginState {
  int64_t pid = 0;
  std::string version;
  Json capabilities;
  bool running = false;
  std::string reason;  // why it isn't
  bool operator==(const PluginState&) const = default;
};

struct DaemonInfo {
  std::string version;
  std::string commit;
  std::string boot_id;
  std::string data_root;
  int64_t pid = 0;
  int64_t uid = 0;
  int64_t started_at_us = 0;
  bool running = false;  // false after daemon.stopped
  bool operator==(const DaemonInfo&) const = default;
};

// An intent without its outcome.
struct Operation {
  Seq op = 0;
  std::string stream;
  std::string type;
  Seq root = 0;
  int64_t at_us = 0;
  Json actor;
  Json data;
  bool operator==(const Operation&) const = default;
};

// A booted machine that was saved, of which others are clones; its files lie in templates/<key>.
struct TemplateState {
  Json shape;  // template_shape.hpp
  std::string
      recipe;  // the runtime's word for how it was made: it uses none that was made otherwise
  int64_t bytes = 0;  // on disk
  std::string ram_digest, state_digest;
  int64_t built_at_us = 0;
  int64_t used_at_us = 0;
  bool operator==(const TemplateState&) const = default;
};

struct State {
  Seq seq = 0;  // the last event folded in
  int64_t at_us = 0;
  std::string journal;  // its uuid, from journal.opened

  std::map<std::string, ContainerState, std::less<>> containers;  // by id
  std::map<std::string, ImageState, std::less<>> images;          // by reference
  std::map<std::string, ImageState, std::less<>>
      dangling;  // by digest: no name holds it, not yet deleted
  std::map<std::string, VolumeState, std::less<>> volumes;     // by name
  std::map<std::string, std::string, std::less<>> properties;  // only those set
  std::map<std::string, NetworkState, std::less<>> networks;   // by name
  std::map<std::string, std::string, std::less<>>
      domains;  // of `system dns create` -> its --localhost address, or ""
  std::map<std::string, Kernel, std::less<>> kernels;  // by architecture
  std::map<std::string, PluginState, std::less<>> plugins;
  std::map<std::string, TemplateState, std::less<>> templates;  // by key
  std::optional<Accelerator> accelerator;
  DaemonInfo daemon;
  std::map<Seq, Operation> operations;               // open ones
  std::map<std::string, Seq, std::less<>> requests;  // idempotency key -> op, the last kMaxRequests
  std::map<std::string, std::string, std::less<>>
      stalled;  // stream -> why its fold has stopped (newer schema)
  bool operator==(const State&) const = default;

  static constexpr std::size_t kMaxRequests = 4096;

  const ContainerState* container(std::string_view id) const {
    auto found = containers.find(id);
    return found == containers.end() ? nullptr : &found->second;
  }
  const VolumeState* volume(std::string_view name) const {
    auto found = volumes.find(name);
    return found == volumes.end() ? nullptr : &found->second;
  }
  const Operation* operation(Seq op) const {
    auto found = operations.find(op);
    return found == operations.end() ? nullptr : &found->second;
  }
};

}  // namespace bulkhead::model
