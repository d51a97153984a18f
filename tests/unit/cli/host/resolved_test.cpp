// systemd-resolved's drop-ins: what is written, by whom, and what is left to the user.
#include "host/resolved.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using testing::Ended;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Session;
using ::testing::StartsWith;

const ResolvedDomain kDomain = {"web.test", "127.0.0.1:2053", "/home/me/it's $HOME"};
constexpr const char* kOwned = "# Of the container service at /home/me/it's $HOME\n";

class ResolvedTest : public ::testing::Test {
 protected:
  Resolved resolved(bool may_write, bool may_ask, bool succeeds = true) {
    return Resolved({folder_.file("conf.d"), may_write, may_ask,
                     [this, succeeds](const std::string& script) -> Status {
                       scripts_.push_back(script);
                       if (succeeds) return {};
                       return fail(Code::kInternal, "it failed");
                     },
                     [this](const std::string& text) { announced_ += text; }});
  }
  Folder folder_;
  std::vector<std::string> scripts_;
  std::string announced_;
};

TEST_F(ResolvedTest, WhoMayWriteNeedsNoSudo) {
  EXPECT_EQ(resolved(true, true).add(kDomain), "");
  ASSERT_EQ(scripts_.size(), 1u);
  EXPECT_THAT(scripts_[0], Not(HasSubstr("sudo")));
  EXPECT_EQ(announced_, "");
  EXPECT_THAT(scripts_[0], HasSubstr("systemctl try-reload-or-restart systemd-resolved"));
}

TEST_F(ResolvedTest, AtATerminalSudoAsks) {
  EXPECT_EQ(resolved(false, true).add(kDomain), "");
  ASSERT_EQ(scripts_.size(), 1u);
  EXPECT_THAT(scripts_[0], StartsWith("sudo sh -c '"));
  EXPECT_EQ(announced_,
            "To let this host's programs find names in web.test:\n  " + scripts_[0] + "\n");
}

TEST_F(ResolvedTest, ElsewhereTheCommandIsTold) {
  const std::string left = resolved(false, false).add(kDomain);
  EXPECT_THAT(scripts_, IsEmpty());
  EXPECT_EQ(resolved(false, true).add(kDomain), "");
  EXPECT_EQ(left,
            "To let this host's programs find names in web.test, type:\n  " + scripts_[0] + "\n")
      << "the very command that a terminal's user is asked for";
}

TEST_F(ResolvedTest, WhatFailsIsLeftToTheUser) {
  for (const bool may_write : {true, false})
    EXPECT_THAT(resolved(may_write, true, false).add(kDomain), HasSubstr("sudo sh -c '"));
}

TEST_F(ResolvedTest, WithoutResolvedThereIsNothingToDo) {
  const Resolved none(Resolved::Surroundings{});
  EXPECT_FALSE(none.exists());
  EXPECT_EQ(none.add(kDomain), "");
  EXPECT_EQ(none.remove(kDomain), "");
}

TEST_F(ResolvedTest, ANameThatNoDomainHasIsNoFile) {
  for (const char* domain : {"", "../../etc/passwd", "a b", "a'b", "a$(b)", "a\nb", "A"}) {
    EXPECT_EQ(resolved(true, true).add({domain, "127.0.0.1:2053", "/"}), "") << domain;
    EXPECT_EQ(resolved(true, true).remove({domain, "", "/"}), "") << domain;
  }
  EXPECT_THAT(scripts_, IsEmpty());
}

// With a shell, and a systemctl and a sudo of the test's.
class ResolvedSession : public ::testing::Test {
 protected:
  ResolvedSession() {
    session_.environment["BULKHEAD_RESOLVED_DIR"] = folder_.file("conf.d");
    session_.environment["PATH"] = folder_.file("bin") + ":/usr/bin:/bin";
    std::filesystem::create_directory(folder_.file("bin"));
    folder_.write("bin/systemctl", "#!/bin/sh\necho \"$*\" >> " + folder_.file("log") + "\n");
    std::filesystem::permissions(folder_.file("bin/systemctl"), std::filesystem::perms::owner_all);
    session_.service.answer("POST /v1/system/dns ", 201, R"({"domain": "web.test"})");
    session_.service.answer("DELETE /v1/system/dns/", 200, R"({"domain": "web.test"})");
  }
  void serve(const std::string& dns = R"({"address": "127.0.0.1:2053", "state": "serving"})") {
    session_.service.answer("GET /v1/system ", 200,
                            R"({"appRoot": "/home/me/it's $HOME", "dns": )" + dns + "}");
  }
  Folder folder_;
  Session session_;
};

TEST_F(ResolvedSession, AFilePerDomainThatComesAndGoesWithIt) {
  serve();
  const Ended created = session_.run({"system", "dns", "create", "Web.Test"});
  EXPECT_EQ(created.status, 0);
  EXPECT_EQ(created.out, "web.test\n");
  EXPECT_EQ(created.err, "");
  EXPECT_EQ(folder_.read("conf.d/bulkhead-web.test.conf"),
            std::string(kOwned) + "[Resolve]\nDNS=127.0.0.1:2053\nDomains=~web.test\n");
  EXPECT_EQ(folder_.read("log"), "try-reload-or-restart systemd-resolved\n");
  const Ended deleted = session_.run({"system", "dns", "delete", "Web.Test"});
  EXPECT_EQ(deleted.err, "");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("conf.d/bulkhead-web.test.conf")));
}

TEST_F(ResolvedSession, AnotherServicesFileStays) {
  serve();
  std::filesystem::create_directory(folder_.file("conf.d"));
  folder_.write("conf.d/bulkhead-web.test.conf", "# Of the container service at /other\n");
  const Ended created = session_.run({"system", "dns", "create", "web.test"});
  EXPECT_EQ(created.status, 0);
  EXPECT_THAT(created.err, HasSubstr("isn't this service's"));
  EXPECT_EQ(session_.run({"system", "dns", "delete", "web.test"}).err, "");
  EXPECT_EQ(folder_.read("conf.d/bulkhead-web.test.conf"),
            "# Of the container service at /other\n");
}

TEST_F(ResolvedSession, AProblemIsToldInsteadOfPassingItOn) {
  serve(R"({"address": "127.0.0.1:2053", "state": "failing", "problem": "it is busy"})");
  const Ended created = session_.run({"system", "dns", "create", "web.test"});
  EXPECT_EQ(created.status, 0);
  EXPECT_EQ(created.out, "web.test\n");
  EXPECT_THAT(created.err, StartsWith("Warning: "));
  EXPECT_THAT(created.err, HasSubstr("it is busy"));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("conf.d")));
  session_.service.answer("GET /v1/system/dns", 200, R"(["web.test"])");
  const Ended listed = session_.run({"system", "dns", "list"});
  EXPECT_EQ(listed.out, "DOMAIN\nweb.test\n");
  EXPECT_THAT(listed.err, HasSubstr("it is busy"));
  EXPECT_EQ(session_.run({"system", "dns", "list", "-q"}).err, "");
}

TEST_F(ResolvedSession, WithoutResolvedOneLineSaysHowToAsk) {
  serve();
  session_.environment["BULKHEAD_RESOLVED_DIR"] = "";
  const Ended created = session_.run({"system", "dns", "create", "web.test"});
  EXPECT_EQ(created.out, "web.test\n");
  EXPECT_EQ(created.err,
            "There is no systemd-resolved here to be told; ask with `dig @127.0.0.1 -p 2053 "
            "NAME.web.test`.\n");
}

TEST_F(ResolvedSession, WhereTheHostIsntServedNothingIsSaid) {
  serve(R"({"address": "", "state": "off"})");
  EXPECT_EQ(session_.run({"system", "dns", "create", "web.test"}).err, "");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("conf.d")));
}

}  // namespace
}  // namespace bulkhead::cli
