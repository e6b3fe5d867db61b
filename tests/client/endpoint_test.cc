#include "client/flashkv/endpoint.h"

#include <gtest/gtest.h>

namespace flashkv::client {
namespace {

TEST(Endpoint, WithoutAPortMeans7400) {
  const std::pair<const char*, const char*> cases[] = {
      {"127.0.0.1", "127.0.0.1:7400"}, {"kv.example", "kv.example:7400"},     {"[::1]", "[::1]:7400"},
      {"::1", "[::1]:7400"},           {"2001:db8::7", "[2001:db8::7]:7400"},
  };
  for (const auto& [given, complete] : cases) {
    const auto endpoint = complete_endpoint(given);
    ASSERT_TRUE(endpoint) << given;
    EXPECT_EQ(endpoint.value(), complete);
  }
}

TEST(Endpoint, WithAPortOrAResolverStaysAsItIs) {
  for (const char* given :
       {"127.0.0.1:1", "kv.example:65535", "localhost:http", "[::1]:7401", "unix:/run/kv.sock",
        "dns:///kv.example:7400", "ipv6:[::1]:7400", "unix-abstract:kv"}) {
    const auto endpoint = complete_endpoint(given);
    ASSERT_TRUE(endpoint) << given;
    EXPECT_EQ(endpoint.value(), given);
  }
}

TEST(Endpoint, RefusesUrlsAndPortsThatAreNone) {
  for (const char* given :
       {"", "http://127.0.0.1:7400", "grpc://kv.example", "kv.example/path", "kv.example:", "kv.example:0",
        "127.0.0.1:65536", "127.0.0.1:99999999999", "[::1]:0", "[::1"}) {
    const auto endpoint = complete_endpoint(given);
    ASSERT_FALSE(endpoint) << given;
    EXPECT_EQ(endpoint.error().code, Errc::kInvalidArgument);
    EXPECT_NE(endpoint.error().message.find(given), std::string::npos) << endpoint.error().message;
  }
}

}  // namespace
}  // namespace flashkv::client
