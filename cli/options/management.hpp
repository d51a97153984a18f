// The options of run and create that aren't about the process or the size: identity, image variant,
// isolation, mounts, DNS. container_request() joins all three groups into the ContainerRequest of
// the API.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"
#include "options/environment.hpp"

namespace bulkhead::cli {

inline constexpr std::string_view kNeedsNetwork =
    "needs a network; networks are not available in this version";
inline constexpr std::string_view kNeedsRelay =
    "needs socket forwarding into the VM; it is not available in this version";

inline constexpr Option kManagementOptions[] = {
    {.names = "-a, --arch",
     .value = "<arch>",
     .help = "Architecture of the image; the host's by default"},
    {.names = "--cap-add",
     .value = "<capability>",
     .help = "Add a Linux capability, or ALL",
     .repeats = true},
    {.names = "--cap-drop",
     .value = "<capability>",
     .help = "Drop a Linux capability, or ALL",
     .repeats = true},
    {.names = "--cidfile",
     .value = "<path>",
     .help = "Write the container's id to this new file",
     .completes = Completes::kFile},
    {.names = "-d, --detach", .help = "Run in the background and print the id"},
    {.names = "--dns", .value = "<ip>", .help = "Address of a DNS server", .repeats = true},
    {.names = "--dns-domain", .value = "<domain>", .help = "Domain line of resolv.conf"},
    {.names = "--dns-option",
     .value = "<option>",
     .help = "Option of resolv.conf",
     .repeats = true},
    {.names = "--dns-search",
     .value = "<domain>",
     .help = "Search domain of resolv.conf",
     .repeats = true},
    {.names = "--entrypoint",
     .value = "<command>",
     .help = "Replaces the image's entrypoint and drops its command"},
    {.names = "--init",
     .help = "Run a minimal init as process 1 that forwards signals and reaps children"},
    {.names = "--init-image",
     .value = "<image>",
     .help =
         "Image whose file system boots the VM, by reference; the one of this version by default",
     .completes = Completes::kImage},
    {.names = "-k, --kernel",
     .value = "<path>",
     .help = "Linux kernel for this container's VM",
     .completes = Completes::kFile},
    {.names = "--kernel-arg",
     .value = "<argument>",
     .help = "Append to the kernel's command line",
     .repeats = true},
    {.names = "-l, --label",
     .value = "<key=value>",
     .help = "Label the container",
     .repeats = true},
    {.names = "--masked-path",
     .value = "<path>",
     .help = "Hide a path beside the OCI defaults; NONE clears the list",
     .repeats = true},
    {.names = "--mount",
     .value = "<type=,source=,target=,readonly>",
     .help = "Mount a host folder (type=virtiofs or bind), a volume or a tmpfs, which takes size= "
             "and mode=",
     .repeats = true},
    {.names = "--name", .value = "<name>", .help = "Name, which is the id; a UUID by default"},
    {.names = "--network",
     .value = "<name>[,mac=][,mtu=]",
     .help = "Attach to a network; 'none' for no network",
     .repeats = true},
    {.names = "--no-dns", .help = "Write no resolv.conf"},
    {.names = "--os",
     .value = "<os>",
     .help = "Operating system of the image",
     .fallback = "linux"},
    {.names = "-p, --publish",
     .value = "<[ip:]port:port[/proto]>",
     .help = "Publish a port on the host",
     .needs = kNeedsNetwork,
     .repeats = true},
    {.names = "--platform",
     .value = "<os/arch[/variant]>",
     .help = "Platform of the image; wins over --os and --arch"},
    {.names = "--publish-socket",
     .value = "<host:container>",
     .help = "Publish a Unix socket on the host",
     .needs = kNeedsRelay,
     .repeats = true},
    {.names = "--read-only", .help = "Mount the root file system read-only"},
    {.names = "--read-only-path",
     .value = "<path>",
     .help = "Make a path read-only beside the OCI defaults; NONE clears the list",
     .repeats = true},
    {.names = "--rm", .help = "Remove the container after it stops"},
    {.names = "--remove", .help = "The same as --rm"},
    {.names = "--rosetta",
     .help = "Enable Rosetta translation",
     .needs = "needs Rosetta, which exists on macOS with Apple silicon only"},
    {.names = "--runtime", .value = "<name>", .help = "Runtime plugin that runs the container"},
    {.names = "--shm-size", .value = "<size>", .help = "Size of /dev/shm; 64m by default"},
    {.names = "--ssh", .help = "Forward the SSH agent's socket", .needs = kNeedsRelay},
    {.names = "--tmpfs",
     .value = "<path>[:size=,mode=,ro]",
     .help = "Mount a tmpfs",
     .repeats = true},
    {.names = "-v, --volume",
     .value = "<source:target[:options]>",
     .help =
         "Mount a host folder, file or socket, or a volume; a target alone: a volume of its own",
     .completes = Completes::kVolume,
     .repeats = true},
    {.names = "--virtualization", .help = "Offer nested virtualization to the container"},
};

// Arguments: the image, then the command line.
Result<nlohmann::json> container_request(const Invocation& invocation,
                                         const Environment& environment);

}  // namespace bulkhead::cli
