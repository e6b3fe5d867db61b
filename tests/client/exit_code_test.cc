#include "client/kvctl/exit_code.h"

#include <gtest/gtest.h>

namespace flashkv::kvctl {
namespace {

using client::Errc;

TEST(ExitCode, TellsUsageFailureDenialAndTimeoutApart) {
  EXPECT_EQ(exit_code_of(Errc::kInvalidArgument), 2);
  EXPECT_EQ(exit_code_of(Errc::kOutOfRange), 2);
  EXPECT_EQ(exit_code_of(Errc::kFailedPrecondition), 2);
  EXPECT_EQ(exit_code_of(Errc::kNotFound), 1);
  EXPECT_EQ(exit_code_of(Errc::kUnavailable), 3);
  EXPECT_EQ(exit_code_of(Errc::kResourceExhausted), 3);
  EXPECT_EQ(exit_code_of(Errc::kInternal), 3);
  EXPECT_EQ(exit_code_of(Errc::kUnauthenticated), 4);
  EXPECT_EQ(exit_code_of(Errc::kPermissionDenied), 4);
  EXPECT_EQ(exit_code_of(Errc::kDeadlineExceeded), 5);
}

TEST(ExitCode, OnlyWhatTheServerOrTheNetworkFailsAtMayPass) {
  for (const Errc code : {Errc::kUnavailable, Errc::kDeadlineExceeded, Errc::kResourceExhausted,
                          Errc::kInternal, Errc::kUnknown, Errc::kAborted, Errc::kCancelled})
    EXPECT_TRUE(may_pass(code)) << static_cast<int>(code);
  for (const Errc code :
       {Errc::kInvalidArgument, Errc::kNotFound, Errc::kPermissionDenied, Errc::kUnauthenticated,
        Errc::kFailedPrecondition, Errc::kOutOfRange, Errc::kUnimplemented, Errc::kDataLoss})
    EXPECT_FALSE(may_pass(code)) << static_cast<int>(code);
}

TEST(Advice, OfATroubleThatMayPassIsToWait) {
  Settings settings;
  settings.endpoint = "kv.example:7400";
  const auto of = [&settings](Errc code) {
    return trouble_of({.code = code, .message = "queue full"}, settings);
  };
  EXPECT_EQ(of(Errc::kUnavailable), "lost the connection to kv.example:7400; connecting again");
  EXPECT_EQ(of(Errc::kCancelled), of(Errc::kUnavailable)) << "by a server that stops";
  EXPECT_EQ(of(Errc::kDeadlineExceeded), "no answer within 5000 ms; trying again");
  EXPECT_EQ(of(Errc::kResourceExhausted), "queue full; trying again");
  for (const std::string said : {"ack: applied, but not durable: no space left", "the server is draining"})
    EXPECT_EQ(trouble_of({.code = Errc::kUnavailable, .message = said}, settings), said + "; trying again");
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

TEST(Advice, NamesTheCauseWithoutTheTransportsLayers) {
  Settings settings;
  settings.endpoint = "kv.example:7400";
  EXPECT_EQ(
      advice(
          {.code = Errc::kUnavailable,
           .message = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to "
                      "connect to remote host: Connection refused"},
          settings),
      "cannot reach kv.example:7400: Connection refused; start a server with ./deploy/run or name another "
      "with "
      "--endpoint");
  EXPECT_EQ(
      advice({.code = Errc::kUnavailable,
              .message = "DNS resolution failed for kv.example:7400: C-ares status is not ARES_SUCCESS"},
             settings),
      "cannot resolve the host in kv.example:7400; check the name given with --endpoint");
}

TEST(Advice, OnAnOversizeMessageNamesTheLimitAndDoesNotSaySlowDown) {
  const auto said = [](Errc code, const std::string& message) {
    return advice({.code = code, .message = message}, {});
  };
  EXPECT_EQ(said(Errc::kResourceExhausted, "Received message larger than max (17000012 vs. 16842752)"),
            "message of 17000012 bytes: the limit is 16842752; use smaller values or fewer keys, or raise "
            "the server's "
            "--max-request-bytes");
  EXPECT_EQ(said(Errc::kResourceExhausted, "Sent message larger than max (20000012 vs. 17825792)"),
            "message of 20000012 bytes: the limit is 17825792; send a smaller value");
  EXPECT_EQ(said(Errc::kInvalidArgument, "value: 9000000 bytes, the limit is 8388608"),
            "value: 9000000 bytes, the limit is 8388608; send less, or raise the server's --max-value-bytes");
  EXPECT_EQ(said(Errc::kInvalidArgument, "key: empty; a key has at least 1 byte"),
            "key: empty; a key has at least 1 byte");
  EXPECT_EQ(said(Errc::kResourceExhausted, "queue full: max-queue-requests 1"),
            "queue full: max-queue-requests 1; the server is busy, try again in a moment");
}

TEST(Advice, OnWhatRanOutNamesAWayOutOfThat) {
  const auto said = [](const std::string& message) {
    return advice({.code = Errc::kResourceExhausted, .message = message}, {});
  };
  EXPECT_EQ(
      said("range: more than 10000 keys for one request; set limit, and repeat while the reply says more"),
      "range: more than 10000 keys for one request; delete them in steps with --limit");
  EXPECT_EQ(
      said("too many pins: max-pins 64"),
      "too many pins: max-pins 64; try again when another scan has ended, or raise the server's --max-pins");
  EXPECT_EQ(said("too many watches: --max-watches 1"),
            "too many watches: --max-watches 1; end another watch, or raise the server's --max-watches");
  const std::string given_up =
      "pin: given up, because the changes since its revision hold more than 1 bytes (max-pinned-bytes); "
      "start again";
  EXPECT_EQ(said(given_up), given_up) << "it says itself what to do";
  EXPECT_EQ(said("out of memory"), "out of memory; raise that limit on the server, or delete keys");
}

TEST(Complain, EscapesWhatATerminalWouldActOn) {
  testing::internal::CaptureStderr();
  complain("\"\x1b[31m\"");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "kvctl: \"\\x1b[31m\"\n");
}

TEST(Complain, IsOneLine) {
  testing::internal::CaptureStderr();
  complain("first\nsecond");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "kvctl: first second\n");
}

}  // namespace
}  // namespace flashkv::kvctl
