#include "tar_reader.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <cstdio>

#include "archives.hpp"

namespace bulkhead::storage {
namespace {

// The first member of an archive.
Member first_of(const std::string& bytes) {
  MemorySource source(bytes_of(bytes));
  TarReader reader(source);
  EXPECT_TRUE(reader.open());
  Result<const Member*> member = reader.next();
  EXPECT_TRUE(member && *member != nullptr);
  return **member;
}

// A ustar block as any writer would make it; pax records are the content of a block of type 'x'.
std::string block(char type, const std::string& name, const std::string& content) {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  const auto octal = [&](size_t at, size_t width, unsigned long value) {
    char text[16];
    std::snprintf(text, sizeof text, "%0*lo", static_cast<int>(width - 1), value);
    header.replace(at, width - 1, text);
  };
  octal(100, 8, 0644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, content.size());
  octal(136, 12, 0);
  header[156] = type;
  header.replace(257, 8,
                 std::string("ustar\0"
                             "00",
                             8));
  header.replace(148, 8, 8, ' ');
  unsigned long sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  octal(148, 7, sum);
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}

std::string pax_record(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) ++length;
  return std::to_string(length) + rest;
}

TEST(TarReader, KeepsNamesBeyondAsciiInEveryLocale) {
  std::setlocale(LC_ALL, "C");
  const std::string end(1024, '\0');
  for (const std::string name : {"Grüße/日本語", "latin1-\xfc\xdf"}) {
    EXPECT_EQ(
        first_of(block('x', "pax", pax_record("path", name)) + block('0', "short", "") + end).name,
        name);
    EXPECT_EQ(first_of(block('0', name, "") + end).name, name);
  }
}

TEST(TarReader, TellsTimesOwnersAndModes) {
  Tar tar;
  tar.file("f", "x",
           {.mode = 04751,
            .uid = 70000,
            .gid = 3'000'000'000,
            .mtime = 5'000'000'000,
            .nanoseconds = 123456789});
  const Member member = first_of(tar.bytes());
  EXPECT_EQ(member.permissions, 04751u);
  EXPECT_EQ(member.uid, 70000);
  EXPECT_EQ(member.gid, 3'000'000'000);
  EXPECT_EQ(member.mtime, 5'000'000'000);
  EXPECT_EQ(member.mtime_nanoseconds, 123456789u);
}

TEST(TarReader, KeepsTheAttributesThatMeanSomethingElsewhere) {
  Tar tar;
  tar.file("f", "",
           {.attributes = {{"user.note", "hello"},
                           {"security.capability", std::string("\1\0\0\2", 4)},
                           {"security.selinux", "label"},
                           {"trusted.overlay.opaque", "y"},
                           {"trusted.overlay.redirect", "/x"}}});
  const Member member = first_of(tar.bytes());
  ASSERT_EQ(member.attributes.size(), 2u);
  for (const Attribute& attribute : member.attributes) {
    EXPECT_EQ(attribute.value,
              attribute.name == "user.note" ? std::string("hello") : std::string("\1\0\0\2", 4));
  }
}

TEST(TarReader, TurnsAccessListsIntoTheKernelsForm) {
  Tar tar;
  tar.file("f", "", {.acl = "user::rw-,user:1000:r--:1000,group::r--,mask::rw-,other::---"});
  const Member member = first_of(tar.bytes());
  ASSERT_EQ(member.attributes.size(), 1u);
  EXPECT_EQ(member.attributes[0].name, "system.posix_acl_access");
  const std::string& value = member.attributes[0].value;
  ASSERT_EQ(value.size(), 4u + 5 * 8);
  EXPECT_EQ(value.substr(0, 4), std::string("\2\0\0\0", 4));
  EXPECT_EQ(value.substr(12, 8), std::string("\2\0\4\0\xe8\3\0\0", 8));  // user 1000: r--
}

TEST(TarReader, SkipsContentThatNobodyReads) {
  Tar tar;
  tar.file("a", std::string(100000, 'a')).file("b", "content of b");
  const std::string bytes = tar.bytes();
  MemorySource source(bytes_of(bytes));
  TarReader reader(source);
  ASSERT_TRUE(reader.open());
  ASSERT_EQ((*reader.next())->name, "a");
  ASSERT_EQ((*reader.next())->name, "b");
  const auto piece = reader.next_piece();
  ASSERT_TRUE(piece && *piece);
  EXPECT_EQ((*piece)->bytes.size(), 12u);
  EXPECT_FALSE(*reader.next_piece());
  EXPECT_EQ(*reader.next(), nullptr);
}

TEST(TarReader, NoticesDamageAndTruncation) {
  Tar tar;
  tar.file("a", std::string(100000, 'a'));
  const std::string bytes = tar.bytes();
  for (const std::string& bad : {bytes.substr(0, 50000), std::string(5000, 'x')}) {
    MemorySource source(bytes_of(bad));
    TarReader reader(source);
    Status status = reader.open();
    while (status) {
      const auto member = reader.next();
      if (!member) status = tl::unexpected(member.error());
      if (!member || *member == nullptr) break;
    }
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kCorrupt);
  }
}

}  // namespace
}  // namespace bulkhead::storage
