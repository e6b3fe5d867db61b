#include "client/kvctl/cli/cli.h"

#include <gtest/gtest.h>

namespace flashkv::kvctl {
namespace {

Settings parsed(std::vector<std::string> words) {
  words.insert(words.begin(), "kvctl");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  Settings settings;
  EXPECT_EQ(parse(static_cast<int>(pointers.size()), pointers.data(), settings), std::nullopt);
  return settings;
}

TEST(Cli, KeysThatLookLikeListsOrOptionsArriveAsTheyAre) {
  EXPECT_EQ(parsed({"mget", "[a,b]", "\x1fx", "c"}).read.keys,
            (std::vector<std::string>{"[a,b]", "\x1fx", "c"}));
  EXPECT_EQ(parsed({"ttl", "[a,b]"}).read.keys, std::vector<std::string>{"[a,b]"});
  const Settings incr = parsed({"incr", "\x1fhits", "-5", "--initial", "-7"});
  EXPECT_EQ(incr.incr.key, "\x1fhits");
  EXPECT_EQ(incr.incr.delta, -5);
  EXPECT_EQ(incr.incr.options.initial, -7);
  EXPECT_EQ(parsed({"put", "get", "[a]"}).put.value, "[a]");
}

TEST(Cli, AnEndpointInBracketsIsNoKey) {
  const Settings s = parsed({"get", "k", "--endpoint", "[::1]"});
  EXPECT_EQ(s.endpoint, "[::1]");
  EXPECT_EQ(s.read.keys, std::vector<std::string>{"k"});
}

}  // namespace
}  // namespace flashkv::kvctl
