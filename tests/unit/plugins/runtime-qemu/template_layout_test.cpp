#include "template_layout.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "qemu_arguments.hpp"

namespace bulkhead::qemu {
namespace {

constexpr uint64_t kTsc = 2'300'000;

Machine web() {
  Machine machine;
  machine.cpus = 2;
  machine.memory_bytes = 256 << 20;
  machine.kernel = "/k/vmlinux";
  machine.initramfs = "/k/initramfs";
  machine.image_disk = "/disks/a.ext4";
  machine.writable_disk = "/containers/web/writable.ext4";
  machine.from = Template{4, 1 << 30, ""};
  machine.from->recipe = recipe_of(shape_of(machine), "/bin/true");
  return machine;
}

// Driver and place of every device, in order.
std::vector<std::string> places(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  for (size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] != "-device") continue;
    const auto device = nlohmann::json::parse(arguments[i + 1]);
    out.push_back(device["driver"].get<std::string>() + " " + device.value("bus", ""));
  }
  return out;
}

std::string why_not(const Machine& machine) {
  const Status status = check_clonable(machine, kTsc, "/bin/true");
  return status ? "" : status.error().message;
}

TEST(TemplateLayout, ACloneHasTheTemplatesDevicesAtTheSamePlaces) {
  Machine machine = web();
  machine.disks = {{"data", "/data.img", false}};
  machine.shares = {{"src", "/src", true}, {"lib", "/lib", false}};
  machine.networks = {{"default", "f2:62:00:00:00:01"}};
  const auto saved = places(template_arguments(shape_of(machine), kTsc));
  EXPECT_EQ(places(clone_arguments(machine, kTsc)), saved);
  EXPECT_EQ(std::count_if(saved.begin(), saved.end(),
                          [](const std::string& one) { return one.starts_with("virtio-blk"); }),
            2 + static_cast<long>(kTemplateDisks));
}

TEST(TemplateLayout, ACloneMapsTheTemplatesMemoryPrivatelyAndWaitsForItsState) {
  const auto arguments = clone_arguments(web(), kTsc);
  const auto memory = std::find_if(arguments.begin(), arguments.end(), [](const std::string& one) {
    return one.starts_with("memory-backend-file");
  });
  ASSERT_NE(memory, arguments.end());
  EXPECT_EQ(*memory,
            "memory-backend-file,id=ram,size=" + std::to_string(guest_memory(1 << 30) >> 20) +
                "M,mem-path=/proc/self/fd/30,share=off");
  EXPECT_EQ(arguments.back(), "defer");
}

TEST(TemplateLayout, ADiskOfTheContainerTakesAPlaceholdersPlace) {
  Machine machine = web();
  machine.disks = {{"data", "/data.img", false}};
  const auto arguments = clone_arguments(machine, kTsc);
  const auto disk = std::find_if(arguments.begin(), arguments.end(), [](const std::string& one) {
    return one.find("/data.img") != one.npos;
  });
  ASSERT_NE(disk, arguments.end());
  EXPECT_EQ(nlohmann::json::parse(*disk)["node-name"], "disk0");
}

TEST(TemplateLayout, TheRecipeIsTheSameForWhateverAContainerHas) {
  Machine other = web();
  other.memory_bytes = 100 << 20;
  other.writable_disk.clear();
  other.networks = {{"default", "f2:62:00:00:00:01"}};
  EXPECT_EQ(recipe_of(shape_of(other), "/bin/true"), web().from->recipe);
  other.cpus = 3;
  EXPECT_EQ(recipe_of(shape_of(other), "/bin/true"), web().from->recipe);
  other.from->cpus = 8;
  EXPECT_NE(recipe_of(shape_of(other), "/bin/true"), web().from->recipe);
}

TEST(TemplateLayout, TheRecipeKnowsTheEmulator) {
  EXPECT_NE(recipe_of(shape_of(web()), "/bin/false"), web().from->recipe);
  EXPECT_EQ(recipe_of(shape_of(web()), "sh").find("/bin/sh") != std::string::npos, true);
}

TEST(TemplateLayout, SaysWhyAMachineCantBeAClone) {
  EXPECT_EQ(why_not(web()), "");
  Machine machine = web();
  machine.networks.resize(3);
  EXPECT_EQ(why_not(machine), "3 networks are more than a template's 2");
  machine = web();
  machine.disks.resize(5);
  EXPECT_EQ(why_not(machine), "5 volumes are more than a template's 4");
  machine = web();
  machine.shares.resize(5);
  EXPECT_EQ(why_not(machine), "5 folders are more than a template's 4");
  machine.shares.resize(1);
  EXPECT_EQ(why_not(machine), "");
  machine.share_transport = ShareTransport::kVirtiofs;
  EXPECT_EQ(why_not(machine), "its folders come by virtio-fs");
  EXPECT_EQ(check_clonable(machine, kTsc, "/bin/true").error().code, Code::kUnsupported);
  machine.shares.clear();
  EXPECT_EQ(why_not(machine), "");
  machine = web();
  machine.memory_bytes = uint64_t{2} << 30;
  EXPECT_EQ(why_not(machine), "it has more memory than the template");
  machine = web();
  machine.cpus = 5;
  EXPECT_EQ(why_not(machine), "it has more CPUs than the template");
  machine = web();
  machine.init_disk = "/init.ext4";
  EXPECT_EQ(why_not(machine), "its init comes from an image of its own");
  machine = web();
  machine.from->recipe += " ";
  EXPECT_EQ(why_not(machine), "the template was made from another machine");
  EXPECT_FALSE(check_clonable(web(), 0, "/bin/true"));
  machine.from.reset();
  EXPECT_EQ(why_not(machine), "no template was given");
}

TEST(TemplateLayout, SaysWhatAParkedMachineCantBecome) {
  EXPECT_TRUE(check_adoptable(web()));
  Machine machine = web();
  machine.disks = {{"volume0", "/a", false}, {"volume1", "/b", false}};
  machine.networks.resize(2);
  EXPECT_TRUE(check_adoptable(machine));
  machine.disks[1].read_only = true;
  EXPECT_FALSE(check_adoptable(machine));
  machine.disks[1] = {"other", "/b", false};
  EXPECT_FALSE(check_adoptable(machine));
  machine = web();
  machine.shares = {{"src", "/src", true}};
  EXPECT_FALSE(check_adoptable(machine));
  machine = web();
  machine.networks.resize(3);
  EXPECT_FALSE(check_adoptable(machine));
}

TEST(TemplateLayout, WhatIsDrainedIsGoneAndWhatComesLaterComes) {
  auto made = cables(1);
  ASSERT_TRUE(made);
  const int vm = made->vm_ends[0].get(), network = made->switch_ends[0].get();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(::send(vm, "old", 3, 0), 3);
  drain(made->switch_ends[0]);
  ASSERT_EQ(::send(vm, "new", 3, 0), 3);
  char frame[8] = {};
  EXPECT_EQ(::recv(network, frame, sizeof frame, MSG_DONTWAIT), 3);
  EXPECT_STREQ(frame, "new");
}

TEST(TemplateLayout, AReopenedFileHasAPositionOfItsOwn) {
  const UniqueFd file(::memfd_create("test", MFD_CLOEXEC));
  ASSERT_EQ(::write(file.get(), "abc", 3), 3);
  auto again = reopen(file, O_RDONLY);
  ASSERT_TRUE(again);
  char text[4] = {};
  EXPECT_EQ(::read(again->get(), text, 3), 3);
  EXPECT_STREQ(text, "abc");
}

}  // namespace
}  // namespace bulkhead::qemu
