// What a template and its clones have in common: a VM that was booted once, up to the guest's
// agent, and saved; a clone resumes from it in a tenth of the time that a boot takes.
//
// The saved state names every device by its place, which follows from the order in which they are
// given, so a clone must have exactly the template's: the
// machine's constant devices, image and writable disk, and so many cards, volumes and folders, of
// which those that a container doesn't use are placeholders (a null disk, a cable without end, an
// empty folder). The guest gives none of them a driver before it was cloned, and then only those
// that are used: so disks of any size and content, cards with any address and folders of any
// content share one template. A folder by virtio-fs has no placeholder: QEMU can't migrate it. Its
// memory is larger than some containers': their limit is their cgroup's.
//
// The recipe is the template's command line and the identity of its QEMU; a template whose recipe
// isn't the one that would be used now isn't used. The TSC's rate, measured anew each time, isn't
// part of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "machine.hpp"

namespace bulkhead::qemu {

inline constexpr size_t kTemplateCards = 2;
inline constexpr size_t kTemplateDisks = 4;
inline constexpr size_t kTemplateShares = 4;

// The address of a template's k-th card, by which the guest finds it (guest/init/networks.cpp).
std::string placeholder_mac(size_t k);

// The serial of the k-th volume of a parked machine, whose disks come when it has devices already:
// what the daemon calls them (core/model/mount_bodies.cpp).
std::string parked_serial(size_t k);

// What a machine's template is made from.
Machine shape_of(const Machine& machine);

// `binary` is looked up in PATH, as it would be to run it.
std::string recipe_of(const Machine& shape, const std::string& binary);

// Fails, saying why, if the machine can't be a clone of what it comes from.
Status check_clonable(const Machine& machine, uint64_t tsc_khz, const std::string& binary);

// Ends of cables that nobody holds the other end of.
Result<std::vector<UniqueFd>> loose_cables(size_t number);

// {the child's number, our descriptor} of each card, from the `first` on.
std::vector<std::pair<int, int>> cards(const std::vector<UniqueFd>& ends, size_t first);

// Fails, saying why, if a parked machine can't become this one. What it has in common with its
// template isn't asked again.
Status check_adoptable(const Machine& machine);

// Pairs of which the first is the machine's.
struct Cables {
  std::vector<UniqueFd> vm_ends, switch_ends;
};
Result<Cables> cables(size_t number);
// What is on its way to the switch is dropped.
void drain(const UniqueFd& switch_end);

// The same memory file with a position of its own.
Result<UniqueFd> reopen(const UniqueFd& file, int mode);

}  // namespace bulkhead::qemu
