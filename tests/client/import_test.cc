// The requests that reach a server from import, and their order after a rejection.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "client/kvctl/commands.h"
#include "tests/client/scripted_server.h"

namespace flashkv::kvctl {
namespace {

using client::ScriptedServer;

struct Imported {
  int code = 0;
  std::string out, err;
};

// Imports one record for each "key=value", numbered as lines from 1.
Imported import(const ScriptedServer& server, const std::vector<std::string>& records, ImportSettings how) {
  const auto path = std::filesystem::path(testing::TempDir()) /
                    testing::UnitTest::GetInstance()->current_test_info()->name();
  {
    std::ofstream file(path);
    for (const std::string& record : records) {
      const auto equals = record.find('=');
      file << R"({"key":")" << record.substr(0, equals) << R"(","value":")" << record.substr(equals + 1)
           << "\"}\n";
    }
  }
  Settings settings;
  settings.quiet = true;
  settings.timeout = std::chrono::seconds(20);
  settings.import = std::move(how);
  settings.import.file = path;
  auto client = client::Client::open({.endpoint = server.endpoint(), .timeout = settings.timeout});
  if (!client) throw std::runtime_error(client.error().message);
  Imported done;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  done.code = run_import(*client, settings);
  std::fflush(stdout);
  done.out = testing::internal::GetCapturedStdout();
  done.err = testing::internal::GetCapturedStderr();
  std::filesystem::remove(path);
  return done;
}

// Requests of two records. The server answers once it has read three, so the first is rejected with the
// window full.
const std::vector<std::string> kRecords{"bad=1", "a=2", "c=1", "a=3", "d=1", "b=2", "e=1"};

TEST(Import, AfterARefusedRecordTheRestArrivesInOrder) {
  const ScriptedServer server({.refused_key = "bad", .read_ahead = 3});
  const Imported done = import(server, kRecords, {.skip_bad = true, .batch = 2, .window = 3});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.out, "6 records imported, 1 skipped\n");
  EXPECT_EQ(done.err, "kvctl: line 1: key: refused by the script (skipped)\n");
  const std::vector<std::string> in_order{"c=1", "a=3", "d=1", "b=2",  // already in flight, so applied
                                          "a=2",                       // the rest of the rejected request
                                          "c=1", "a=3", "d=1", "b=2", "e=1"};  // everything after it, again
  EXPECT_EQ(server.puts_in_order(), in_order);
}

TEST(Import, WithoutSkipBadNothingAfterARefusedRecordIsSentAgain) {
  const ScriptedServer server({.refused_key = "bad", .read_ahead = 3});
  const Imported done = import(server, kRecords, {.batch = 2, .window = 3});
  EXPECT_EQ(done.code, 2);
  EXPECT_EQ(done.err,
            "kvctl: line 1: key: refused by the script; fix the line, or rerun with --skip-bad; 0 records "
            "imported\n");
  EXPECT_EQ(server.puts_in_order(), (std::vector<std::string>{"c=1", "a=3", "d=1", "b=2"}));
}

TEST(Import, ARecordPutAloneIsRetriedWhileTheQueueIsFull) {
  const ScriptedServer server({.refused_key = "bad", .full_queue_puts = 3});
  const Imported done = import(server, {"bad=1", "a=1", "b=1"}, {.skip_bad = true, .batch = 3});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.out, "2 records imported, 1 skipped\n");
  EXPECT_EQ(server.puts_in_order(), (std::vector<std::string>{"a=1", "b=1"}));
}

TEST(Import, NeverHasMoreRequestsUnansweredThanItsWindow) {
  const ScriptedServer server({.silent_after = 0});
  auto client = client::Client::open({.endpoint = server.endpoint(), .timeout = std::chrono::seconds(1)});
  ASSERT_TRUE(client);
  const auto path = std::filesystem::path(testing::TempDir()) / "window.jsonl";
  {
    std::ofstream file(path);
    for (int i = 0; i < 50; ++i) file << R"({"key":"k","value":"v"})" << '\n';
  }
  Settings settings;
  settings.quiet = true;
  settings.import.file = path;
  settings.import.batch = 1;
  settings.import.window = 5;
  EXPECT_EQ(run_import(*client, settings), 5);
  EXPECT_EQ(server.write_requests(), 5U);
}

}  // namespace
}  // namespace flashkv::kvctl
