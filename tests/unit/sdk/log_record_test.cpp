#include "bulkhead/log_record.hpp"

#include <gtest/gtest.h>

#include <random>

namespace bulkhead {
namespace {

std::string line(std::string_view text, bool partial = false) {
  std::string out;
  append_log_record(out, 1700000000000000, LogStream::kStdout, text, partial);
  return out;
}

// What a reader gets back.
std::string round_trip(std::string_view text) {
  const std::string record = line(text);
  EXPECT_EQ(record.back(), '\n');
  EXPECT_EQ(record.find('\n'), record.size() - 1) << "a record is one line";
  const auto parsed = parse_log_record(std::string_view(record).substr(0, record.size() - 1));
  EXPECT_TRUE(parsed) << record;
  return parsed ? parsed->text : "";
}

TEST(LogRecord, HasTheDocumentedForm) {
  EXPECT_EQ(line("hi \"there\"\\"),
            "{\"t\":1700000000000000,\"s\":\"stdout\",\"d\":\"hi \\\"there\\\"\\\\\"}\n");
  EXPECT_EQ(line("$ ", true),
            "{\"t\":1700000000000000,\"s\":\"stdout\",\"d\":\"$ \",\"p\":true}\n");
}

TEST(LogRecord, KeepsTimeStreamAndPartiality) {
  std::string out;
  append_log_record(out, 42, LogStream::kStderr, "x", true);
  out.pop_back();
  const auto record = parse_log_record(out);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->time_us, 42);
  EXPECT_EQ(record->stream, LogStream::kStderr);
  EXPECT_TRUE(record->partial);
}

TEST(LogRecord, CarriesEveryAsciiByte) {
  std::string all;
  for (char c = 0; c < 0x7f; ++c) all += c;
  all += '\x7f';
  EXPECT_EQ(round_trip(all), all);
}

TEST(LogRecord, CarriesUtf8) {
  const std::string text =
      "\xC3\xA9 \xE2\x82\xAC \xED\x9F\xBF \xEE\x80\x80 \xF0\x9F\x90\xB3 \xF4\x8F\xBF\xBF";
  EXPECT_EQ(round_trip(text), text);
}

TEST(LogRecord, CarriesBytesThatAreNotUtf8AsLatin1) {
  EXPECT_EQ(line("a\xFF\"z", true),
            "{\"t\":1700000000000000,\"s\":\"stdout\",\"d\":\"a\\u00ff\\\"z\",\"p\":true,\"e\":"
            "\"latin1\"}\n");
  for (const char* bytes : {"a\xFFz", "caf\xE9", "\xC0\x80" /*overlong*/,
                            "\xED\xA0\x80" /*surrogate*/, "\xF4\x90\x80\x80" /*beyond U+10FFFF*/,
                            "\xE2\x82" /*cut short*/, "\xE2\x82z", "\xC3\xA9 \xFF"})
    EXPECT_EQ(round_trip(bytes), bytes);
}

TEST(LogRecord, CarriesAnyBytes) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(round_trip(bytes), bytes);
  }
}

TEST(LogRecord, IgnoresLinesThatAreNoRecords) {
  for (const char* text :
       {"", "{", "[]", "{\"t\":1,\"s\":\"std", "{\"t\":\"1\",\"s\":\"stdout\",\"d\":\"\"}",
        "{\"t\":1,\"s\":\"stdin\",\"d\":\"\"}", "{\"t\":1,\"s\":\"stdout\",\"d\":1}",
        "{\"t\":1,\"s\":\"stdout\"}", "{\"t\":1,\"s\":\"stdout\",\"d\":\"\",\"e\":\"ebcdic\"}",
        "{\"t\":1,\"s\":\"stdout\",\"d\":\"\xE2\x82\xAC\",\"e\":\"latin1\"}"}) {
    EXPECT_FALSE(parse_log_record(text)) << text;
  }
}

TEST(WholeCharacters, LeavesAnUnfinishedCharacterForLater) {
  EXPECT_EQ(whole_characters("abc"), 3u);
  EXPECT_EQ(whole_characters("abc\xE2"), 3u);
  EXPECT_EQ(whole_characters("abc\xE2\x82"), 3u);
  EXPECT_EQ(whole_characters("abc\xE2\x82\xAC"), 6u);
  EXPECT_EQ(whole_characters("abc\xF0\x9F\x90"), 3u);
  EXPECT_EQ(whole_characters(""), 0u);
}

TEST(WholeCharacters, DoesNotWaitForWhatCanNeverBecomeACharacter) {
  EXPECT_EQ(whole_characters("abc\xFF"), 4u);
  EXPECT_EQ(whole_characters("abc\x80\x80\x80\x80"), 7u);
  EXPECT_EQ(whole_characters("abc\xED\xA0"), 5u);
}

}  // namespace
}  // namespace bulkhead
