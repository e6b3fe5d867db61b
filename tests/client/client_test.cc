#include "client/flashkv/client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "tests/client/scripted_server.h"

namespace flashkv::client {
namespace {

Client open(const ScriptedServer& server) {
  auto client = Client::open({.endpoint = server.endpoint(), .timeout = std::chrono::seconds(20)});
  if (!client) throw std::runtime_error(client.error().message);
  return std::move(*client);
}

TEST(Client, GetsWhatItPut) {
  const ScriptedServer server({});
  Client client = open(server);
  auto put = client.put("k", std::string("a\0b", 3));
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_TRUE(put->succeeded);
  EXPECT_EQ(put->revision, 1U);
  auto got = client.get("k");
  ASSERT_TRUE(got && got->kv);
  EXPECT_EQ(got->kv->value, std::string("a\0b", 3));
  auto none = client.get("absent");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->kv);
  auto deleted = client.del("k");
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->deleted, 1U);
}

TEST(Client, MultiGetAnswersInTheOrderOfTheKeys) {
  const ScriptedServer server({});
  Client client = open(server);
  ASSERT_TRUE(client.put("a", "1"));
  ASSERT_TRUE(client.put("b", "2"));
  const std::vector<std::string> keys{"b", "none", "a", "b"};
  auto got = client.multi_get(keys);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->kvs.size(), 4U);
  EXPECT_EQ(got->kvs[0]->value, "2");
  EXPECT_FALSE(got->kvs[1]);
  EXPECT_EQ(got->kvs[2]->value, "1");
  EXPECT_EQ(got->kvs[3]->value, "2");
}

TEST(Client, ResultsOfOtherOperationsThanAskedForAreAnError) {
  const ScriptedServer server({});
  Client client = open(server);
  const auto code_of = [&client](std::vector<Op> operations) {
    Txn txn;
    txn.success = std::move(operations);
    auto done = client.txn(txn);
    return done ? Errc{} : done.error().code;
  };
  EXPECT_EQ(code_of({IncrementOp{.key = "n"}}), Errc{});
  EXPECT_EQ(code_of({PutOp{.key = "n", .value = "1"}}), Errc::kInternal);
  EXPECT_EQ(code_of({IncrementOp{.key = "n"}, GetOp{.key = "n"}}), Errc::kInternal);
  EXPECT_EQ(code_of({}), Errc::kInternal);
}

TEST(Client, ReadsAskForTheRevisionTheyAreToldTo) {
  const ScriptedServer server({});
  Client client = open(server);
  const std::vector<std::string> keys{"a"};
  ASSERT_TRUE(client.get("a", {.at_least_revision = 7}));
  ASSERT_TRUE(client.multi_get(keys, {.at_least_revision = 8}));
  EXPECT_EQ(server.wanted_revisions(), (std::vector<std::uint64_t>{7, 8}));
}

TEST(Client, FillsInTheDefaultPort) {
  auto client = Client::open({.endpoint = "localhost"});
  ASSERT_TRUE(client);
  EXPECT_EQ(client->options().endpoint, "localhost:7400");
  EXPECT_FALSE(Client::open({.endpoint = "http://localhost"}));
}

TEST(Client, AConditionThatDoesNotHoldIsNoError) {
  const ScriptedServer server({});
  Client client = open(server);
  ASSERT_TRUE(client.put("k", "1"));
  auto put = client.put("k", "2", {.condition = Condition::kIfAbsent});
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_FALSE(put->succeeded);
  EXPECT_EQ(client.get("k")->kv->value, "1");
}

TEST(Client, PassesTheServersCodeTextAndTrailerOn) {
  const ScriptedServer server({.put_code = 4, .not_applied_trailer = true});
  Client client = open(server);
  auto put = client.put("k", "v");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::kDeadlineExceeded);
  EXPECT_EQ(put.error().message, "as scripted");
  EXPECT_TRUE(put.error().certainly_not_applied);
}

TEST(Client, WithoutTheTrailerNothingIsCertain) {
  const ScriptedServer server({.put_code = 8});
  Client client = open(server);
  auto put = client.put("k", "v");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::kResourceExhausted);
  EXPECT_FALSE(put.error().certainly_not_applied);
}

TEST(Client, NoServerIsUnavailable) {
  auto client = Client::open({.endpoint = "127.0.0.1:1", .timeout = std::chrono::milliseconds(2000)});
  ASSERT_TRUE(client);
  auto got = client->get("k");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kUnavailable) << got.error().message;
}

// A server that takes the connection and says nothing. Without the deadline the connection would be given up.
TEST(Client, ACallEndsAtItsDeadline) {
  const int silent = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(silent, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(silent, 16), 0);
  ASSERT_EQ(getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size), 0);
  auto client =
      Client::open({.endpoint = std::string("127.0.0.1:").append(std::to_string(ntohs(address.sin_port))),
                    .timeout = std::chrono::milliseconds(100)});
  ASSERT_TRUE(client);
  auto got = client->get("k");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kDeadlineExceeded) << got.error().message;
  close(silent);
}

TEST(Client, RefusesATokenWithoutTlsOnAnOpenNetwork) {
  auto open_network = Client::open({.endpoint = "192.0.2.1:7400", .token = "secret"});
  ASSERT_FALSE(open_network);
  EXPECT_EQ(open_network.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(open_network.error().message.find("secret"), std::string::npos);
  EXPECT_TRUE(Client::open({.endpoint = "127.0.0.1:7400", .token = "secret"}));
}

TEST(Client, NamesATlsFileThatItCannotRead) {
  auto client = Client::open({.ca_file = "/nonexistent/ca.pem"});
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message.find("/nonexistent/ca.pem"), std::string::npos);
}

}  // namespace
}  // namespace flashkv::client
