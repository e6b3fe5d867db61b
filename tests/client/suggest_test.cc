#include "client/kvctl/cli/suggest.h"

#include <gtest/gtest.h>

namespace flashkv::kvctl {
namespace {

TEST(Suggest, TypingErrorsAreInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(typing_errors("put", "put"), 0U);
  EXPECT_EQ(typing_errors("", "put"), 3U);
  EXPECT_EQ(typing_errors("puut", "put"), 1U);
  EXPECT_EQ(typing_errors("pt", "put"), 1U);
  EXPECT_EQ(typing_errors("pat", "put"), 1U);
  EXPECT_EQ(typing_errors("ptu", "put"), 1U);
  EXPECT_EQ(typing_errors("kitten", "sitting"), 3U);
}

TEST(Suggest, TheNearestWinsAndWhatIsFarIsNotOffered) {
  const std::vector<std::string> words{"get", "mget", "put", "publish", "publish-policy", "stats"};
  EXPECT_EQ(nearest("GET", words), "get");
  EXPECT_EQ(nearest("mgte", words), "mget");
  EXPECT_EQ(nearest("publsih", words), "publish");
  EXPECT_EQ(nearest("publish-polcy", words), "publish-policy");
  EXPECT_EQ(nearest("sta", words), "stats") << "a beginning of one word only";
  EXPECT_EQ(nearest("pub", words), "put") << "one letter away, before the beginning of two words";
  EXPECT_EQ(nearest("publ", words), "") << "the beginning of two words";
  EXPECT_EQ(nearest("frobnicate", words), "");
  EXPECT_EQ(nearest("x", words), "");
  EXPECT_EQ(nearest(std::string(10'000, 'p'), words), "");
}

TEST(Suggest, AWordOfAnotherProgramLeadsOnlyToWhatIsThere) {
  CLI::App app;
  CLI::App* put = app.add_subcommand("put");
  app.add_subcommand("stats");
  const auto of = [&app](std::vector<std::string> words) { return command_like(words, app); };
  EXPECT_EQ(of({"set", "k", "v"}), "put");
  EXPECT_EQ(of({"SETNX", "k", "v"}), "") << "this put has no --if-absent";
  put->add_flag("--if-absent");
  EXPECT_EQ(of({"SETNX", "k", "v"}), "put --if-absent");
  EXPECT_EQ(of({"endpoint", "status"}), "stats");
  EXPECT_EQ(of({"endpoint", "health"}), "") << "no health command";
  EXPECT_EQ(of({"dbsize"}), "stats") << "without count, stats";
  app.add_subcommand("count");
  EXPECT_EQ(of({"dbsize"}), "count");
  EXPECT_EQ(of({"persist", "k"}), "");
  app.add_subcommand("expire");
  EXPECT_EQ(of({"persist", "k"}), "expire KEY 0");
}

TEST(Suggest, AnArgumentOfAnotherProgramLeadsToWhatDoesThatHere) {
  CLI::App app;
  app.add_subcommand("get");
  CLI::App* scan = app.add_subcommand("scan");
  EXPECT_EQ(argument_like("get", "--prefix", app), "") << "this scan has no --prefix";
  scan->add_flag("--prefix");
  EXPECT_EQ(argument_like("get", "--prefix", app), "scan --prefix");
  EXPECT_EQ(argument_like("mget", "--prefix", app), "") << "of another command";
  EXPECT_EQ(argument_like("get", "--bogus", app), "");
  app.add_subcommand("put")->add_flag("--if-absent");
  EXPECT_EQ(argument_like("put", "NX", app), "put --if-absent");
}

}  // namespace
}  // namespace flashkv::kvctl
