// kvd's memory: how much it takes, and what it returns to the system.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>

#include "flashkv/v1/kv.grpc.pb.h"
#include "tests/server/kvd.h"

namespace flashkv {
namespace {

constexpr int kValues = 64;
constexpr std::size_t kValueBytes = std::size_t{4} << 20;

std::uint64_t resident_bytes(pid_t process) {
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/" + std::to_string(process) + "/statm") >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

TEST(KvdMemory, AnIdleServerReturnsTheMemoryOfDeletedValues) {
  Kvd kvd({"--listen=127.0.0.1:0"});
  const std::string address = after(kvd.line_with("serving"), "listen=");
  auto kv = v1::KV::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  for (int i = 0; i < kValues; ++i) {
    grpc::ClientContext context;
    v1::PutRequest request;
    v1::PutResponse reply;
    request.set_key(std::to_string(i));
    request.set_value(std::string(kValueBytes, 'v'));
    ASSERT_TRUE(kv->Put(&context, request, &reply).ok());
  }
  EXPECT_GE(resident_bytes(kvd.pid()), kValues * kValueBytes);
  for (int i = 0; i < kValues; ++i) {
    grpc::ClientContext context;
    v1::DeleteRequest request;
    v1::DeleteResponse reply;
    request.set_key(std::to_string(i));
    ASSERT_TRUE(kv->Delete(&context, request, &reply).ok());
  }
  // A timer replays the last batch.
  constexpr std::uint64_t kQuarter = kValues * kValueBytes / 4;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (resident_bytes(kvd.pid()) > kQuarter && std::chrono::steady_clock::now() < end) usleep(50'000);
  EXPECT_LE(resident_bytes(kvd.pid()), kQuarter);
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.wait(), 0);
}

TEST(KvdMemory, AnEndlessConfigFileIsRefusedWithoutReadingItAll) {
  Kvd kvd({"--config=/dev/zero"}, with_limit(RLIMIT_AS, rlim_t{2} << 30));
  EXPECT_THAT(kvd.rest(),
              ::testing::MatchesRegex("kvd: --config: cannot read /dev/zero: [^\n]*1 MiB[^\n]*\n"));
  EXPECT_EQ(kvd.wait(), 2);
}

}  // namespace
}  // namespace flashkv
