// One file per (type, revision) in tests/events/: a short history that ends in such events, and the
// state it amounts to. The files are the memory of what old rows mean; a revision's file never
// changes, a new meaning is a new revision.
//
// With BULKHEAD_UPDATE_GOLDEN=1 in the environment the states are written anew, to be read in the
// diff.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "model/snapshot.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(BULKHEAD_GOLDEN_EVENTS))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

Event event_from(const Json& json, Seq seq) {
  Event event;
  event.seq = seq;
  event.at_us = 1'700'000'000'000'000 + seq * 1'000'000;
  event.stream = json.at("stream");
  event.ver = json.value("ver", int64_t(1));
  event.type = json.at("type");
  event.rev = json.value("rev", 1);
  event.phase = phase_from_name(json.at("phase").get<std::string>()).value();
  if (event.phase == Phase::kIntent) event.op = seq;
  if (event.phase == Phase::kOutcome) event.op = json.at("op").get<Seq>();
  event.root = event.op.value_or(seq);
  event.data = json.at("data");
  return event;
}

Json whole(const State& state) {
  Json json = rest_snapshot(state);
  for (const char* key : {"containers", "images", "dangling"}) json[key] = Json::array();
  for (const auto& [id, container] : state.containers)
    json["containers"].push_back(container_snapshot(container));
  for (const auto& [reference, image] : state.images)
    json["images"].push_back(image_snapshot(image));
  for (const auto& [digest, image] : state.dangling)
    json["dangling"].push_back(image_snapshot(image));
  json["properties"] = state.properties;
  // What says nothing is left out: the files are read by people.
  for (auto it = json.begin(); it != json.end();)
    it = it->empty() || *it == Json("") || it.key() == "at" ? json.erase(it) : std::next(it);
  if (state.daemon == DaemonInfo{}) json.erase("daemon");
  return json;
}

class GoldenTest : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenTest, MeansWhatItAlwaysMeant) {
  Json golden = Json::parse(std::ifstream(GetParam()));
  State state;
  Seq seq = 0;
  for (const Json& event : golden.at("events")) evolve(state, event_from(event, ++seq));
  std::string stem = GetParam().stem();  // "container.start.1"
  const Json& last = golden["events"].back();
  EXPECT_EQ(stem, last["type"].get<std::string>() + "." + std::to_string(last.value("rev", 1)));
  if (std::getenv("BULKHEAD_UPDATE_GOLDEN")) {
    golden["state"] = whole(state);
    std::ofstream(GetParam()) << golden.dump(2) << "\n";
  }
  EXPECT_EQ(whole(state), golden["state"]) << Json::diff(golden["state"], whole(state)).dump(2);
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTest, ::testing::ValuesIn(golden_files()),
                         [](const auto& file) {
                           std::string name = file.param.stem();
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

// docs/reference/events.md lists the types; each has its file, each revision up to the newest.
TEST(GoldenFilesTest, CoverEveryTypeAndRevision) {
  for (const char* type : {"accelerator.probed",
                           "container.create",
                           "container.delete",
                           "container.exec",
                           "container.exec-exited",
                           "container.exited",
                           "container.host-started",
                           "container.kill",
                           "container.start",
                           "container.stop",
                           "container.vm-stopped",
                           "daemon.started",
                           "daemon.stopped",
                           "image.delete",
                           "image.deleted",
                           "image.import",
                           "image.load",
                           "image.prune",
                           "image.save",
                           "image.tag",
                           "image.tagged",
                           "image.untagged",
                           "journal.migrated",
                           "journal.opened",
                           "kernel.set",
                           "plugin.crashed",
                           "plugin.refused",
                           "plugin.started",
                           "plugin.stopped",
                           "property.cleared",
                           "property.set",
                           "storage.gc",
                           "volume.create",
                           "volume.delete"}) {
    ASSERT_GT(known_revision(type), 0) << type;
    for (int revision = 1; revision <= known_revision(type); revision++) {
      std::string name = std::string(type) + "." + std::to_string(revision) + ".json";
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(BULKHEAD_GOLDEN_EVENTS) / name))
          << name;
    }
  }
  EXPECT_EQ(known_revision("no.such"), 0);
}

}  // namespace
}  // namespace bulkhead::model
