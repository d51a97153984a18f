#include "secret.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <new>
#include <ostream>

namespace bulkhead::registry {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printable<Secret> && !Printable<Credential>);
static_assert(!std::convertible_to<Secret, std::string>);

// The bytes of a short text lie in the object itself, so they can be looked at afterwards.
TEST(Secret, LeavesNothingInItsPlace) {
  alignas(Secret) unsigned char place[sizeof(Secret)] = {};
  auto* secret = new (place) Secret(std::string("hunter2"));
  EXPECT_EQ(secret->reveal(), "hunter2");
  secret->~Secret();
  const std::string bytes(reinterpret_cast<char*>(place), sizeof place);
  EXPECT_EQ(bytes.find("hunter"), std::string::npos);
}

TEST(Secret, LeavesNothingWhereItWasMovedFrom) {
  alignas(Secret) unsigned char place[sizeof(Secret)] = {};
  auto* secret = new (place) Secret(std::string("hunter2"));
  const Secret taken = std::move(*secret);
  secret->~Secret();
  const std::string bytes(reinterpret_cast<char*>(place), sizeof place);
  EXPECT_EQ(bytes.find("hunter"), std::string::npos);
  EXPECT_EQ(taken.reveal(), "hunter2");
}

}  // namespace
}  // namespace bulkhead::registry
