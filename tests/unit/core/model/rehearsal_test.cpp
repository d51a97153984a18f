#include "model/rehearsal.hpp"

#include <gtest/gtest.h>

namespace bulkhead::model {
namespace {

TEST(Rehearsal, IsAContainerOfTheTemplatesMachine) {
  const Json shape = {{"accelerator", "tcg"}, {"cpus", 2}, {"memoryBytes", 1 << 30}};
  const Json asked = rehearsal(shape, {{"recipe", "so"}}, {"/image", "/writable"});
  EXPECT_EQ(asked["machine"]["cpus"], 2);
  EXPECT_EQ(asked["guest"]["cpus"], 1);
  EXPECT_EQ(asked["machine"]["template"], (Json{{"recipe", "so"}}));
  EXPECT_EQ(asked["machine"]["imageDisk"], "/image");
  EXPECT_EQ(asked["machine"]["writableDisk"], "/writable");
  EXPECT_EQ(asked["machine"]["networks"][0]["mac"], asked["guest"]["networks"][0]["mac"]);
  EXPECT_EQ(asked["process"]["args"], (Json{"/proc/self/exe", "rehearsal"}));
  EXPECT_FALSE(asked["guest"]["maskedPaths"].empty());
}

TEST(Rehearsal, FoldersAnInitAndVolumesForReadersCantComeLater) {
  EXPECT_TRUE(can_be_parked({{"cpus", 1}}));
  EXPECT_TRUE(can_be_parked({{"disks", {{{"serial", "volume0"}}}}}));
  EXPECT_FALSE(can_be_parked({{"disks", {{{"serial", "volume0"}, {"readOnly", true}}}}}));
  EXPECT_FALSE(can_be_parked({{"shares", {{{"tag", "share0"}}}}}));
  EXPECT_FALSE(can_be_parked({{"initDisk", "/init"}}));
}

}  // namespace
}  // namespace bulkhead::model
