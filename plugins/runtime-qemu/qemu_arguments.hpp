// QEMU's command line as a pure function of the machine ordered.
//
// The machine is `microvm`: no PCI, no firmware worth the name, devices on virtio-mmio; the kernel
// is entered by PVH. What each argument is worth was measured: guest/kernel/README.md. Its three
// channels are descriptors that the child inherits at fixed numbers, so that there is no path to
// poll for, to race for or to clean up; so are its network cards. Everything that may hold a comma
// (paths) goes in QEMU's JSON syntax, where a comma is just a character and can't add an option, or
// has its commas doubled where QEMU takes no JSON.
//
// Room for devices: 23 with ACPI. Without it 8, of which one shares its interrupt with the clock,
// whose driver doesn't share: that one stays empty.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "machine.hpp"

namespace bulkhead::qemu {

// The descriptors of the child.
inline constexpr int kAgentFd = 3;    // virtio-serial port org.bulkhead.agent: the guest's init
inline constexpr int kQmpFd = 4;      // QEMU's own control channel
inline constexpr int kConsoleFd = 5;  // the serial console: boot.log
// The first card's frames; the others follow, and then the virtiofsd of each folder that has one.
inline constexpr int kFirstNetworkFd = 6;

inline constexpr int kRamFd = 30;    // a template's memory, or its clone's source
inline constexpr int kStateFd = 31;  // what a clone reads its devices' state from

// kInvalid if the machine has more devices than fit.
Status check_room(const Machine& machine, uint64_t tsc_khz);

// Everything after argv[0]. `tsc_khz` is the host's counter's rate, 0 if unknown.
std::vector<std::string> qemu_arguments(const Machine& machine, uint64_t tsc_khz);

// The machine that is booted to be saved as a template of `shape`, a machine of which only
// accelerator, processors, memory, kernel, initramfs, kernel arguments and virtualization count:
// everything else is a placeholder (template_layout.hpp). Its cards are kTemplateCards descriptors.
std::vector<std::string> template_arguments(const Machine& shape, uint64_t tsc_khz);

// A clone of machine.from, which waits for the state (-incoming defer). It has as many cards, too.
std::vector<std::string> clone_arguments(const Machine& machine, uint64_t tsc_khz);

// The probe's VM: kernel and initramfs under KVM, no disks, a console, powered off by the guest.
std::vector<std::string> probe_arguments(const std::string& kernel, const std::string& initramfs);

// The defaults followed by `extra`; a default whose key `extra` names too is left out.
std::string kernel_command_line(Accelerator accelerator, uint64_t tsc_khz,
                                const std::vector<std::string>& extra);

// Bytes given to -m for a container of so much memory, a whole number of MiB.
uint64_t guest_memory(uint64_t container_bytes);

}  // namespace bulkhead::qemu
