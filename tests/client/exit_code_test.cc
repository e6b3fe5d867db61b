#include "client/kvctl/exit_code.h"

#include <gtest/gtest.h>

namespace flashkv::kvctl {
namespace {

using client::Errc;

TEST(ExitCode, TellsUsageFailureDenialAndTimeoutApart) {
  EXPECT_EQ(exit_code_of(Errc::kInvalidArgument), 2);
  EXPECT_EQ(exit_code_of(Errc::kOutOfRange), 2);
  EXPECT_EQ(exit_code_of(Errc::kUnavailable), 3);
  EXPECT_EQ(exit_code_of(Errc::kResourceExhausted), 3);
  EXPECT_EQ(exit_code_of(Errc::kInternal), 3);
  EXPECT_EQ(exit_code_of(Errc::kUnauthenticated), 4);
  EXPECT_EQ(exit_code_of(Errc::kPermissionDenied), 4);
  EXPECT_EQ(exit_code_of(Errc::kDeadlineExceeded), 5);
}

TEST(Advice, SaysWhatToDoNext) {
  Settings settings;
  settings.endpoint = "127.0.0.1:9";
  const std::string down = advice({.code = Errc::kUnavailable, .message = "connection refused"}, settings);
  EXPECT_NE(down.find("127.0.0.1:9"), std::string::npos) << down;
  EXPECT_NE(down.find("./deploy/run"), std::string::npos) << down;
  const std::string draining = advice({.code = Errc::kUnavailable, .message = "draining"}, settings);
  EXPECT_NE(draining.find("shutting down"), std::string::npos) << draining;
  const std::string late =
      advice({.code = Errc::kDeadlineExceeded, .message = "late", .certainly_not_applied = true}, settings);
  EXPECT_NE(late.find("nothing was applied"), std::string::npos) << late;
  EXPECT_NE(late.find("--timeout"), std::string::npos) << late;
}

TEST(Complain, IsOneLine) {
  testing::internal::CaptureStderr();
  complain("first\nsecond");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "kvctl: first second\n");
}

}  // namespace
}  // namespace flashkv::kvctl
