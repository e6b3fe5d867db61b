// kvd's handling of signals, from its first instruction on.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>

#include "flashkv/v1/kv.grpc.pb.h"
#include "tests/server/kvd.h"

namespace flashkv {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

// Purpose: a reply of 8 MiB that its client does not read, so that a drain waits for it.
class UnreadReply {
 public:
  explicit UnreadReply(const std::string& address)
      : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())), generic_(channel_) {
    v1::PutRequest put;
    v1::PutResponse written;
    put.set_key("large");
    put.set_value(std::string(std::size_t{8} << 20, 'v'));
    grpc::ClientContext putting;
    EXPECT_TRUE(v1::KV::NewStub(channel_)->Put(&putting, put, &written).ok());
    v1::GetRequest get;
    get.set_key("large");
    const grpc::Slice slice(get.SerializeAsString());
    call_ = generic_.PrepareCall(&context_, "/flashkv.v1.KV/Get", &queue_);
    call_->StartCall(nullptr);
    next();
    call_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    next();
    call_->ReadInitialMetadata(nullptr);  // the reply is being sent
    next();
  }
  UnreadReply(const UnreadReply&) = delete;
  UnreadReply& operator=(const UnreadReply&) = delete;
  ~UnreadReply() {
    void* tag = nullptr;
    bool ok = false;
    context_.TryCancel();  // without this the unread message keeps the call open
    call_->Finish(&status_, nullptr);
    queue_.Next(&tag, &ok);
  }

 private:
  void next() {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue_.Next(&tag, &ok) && ok);
  }

  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub generic_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::Status status_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

// Starts kvd with `signal` already pending, blocked until kvd handles it. If it never does, the alarm kills
// it.
auto pending(int signal) {
  return [signal] {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, signal);
    sigprocmask(SIG_BLOCK, &held, nullptr);
    kill(getpid(), signal);
    alarm(30);
  };
}

TEST(KvdSignals, InterruptDrains) {
  Kvd kvd({"--listen=127.0.0.1:0"});
  kvd.line_with("serving");
  kvd.send(SIGINT);
  EXPECT_EQ(kvd.wait(), 0);
}

TEST(KvdSignals, AStopSignalBeforeItServesStopsIt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Kvd kvd({"--listen=127.0.0.1:0"}, pending(signal));
    EXPECT_THAT(kvd.rest(), HasSubstr("stopped clean=true"));
    EXPECT_EQ(kvd.wait(), 0);
  }
}

TEST(KvdSignals, AReloadSignalBeforeItServesReloads) {
  Kvd kvd({"--listen=127.0.0.1:0"}, pending(SIGHUP));
  EXPECT_THAT(kvd.line_with("reloaded"), HasSubstr("log_level=info"));
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.wait(), 0);
}

// SIGTERM at any moment of the start drains or, before main() has run, kills.
TEST(KvdSignals, AStopSignalDuringStartupEndsItCleanly) {
  for (int milliseconds = 0; milliseconds < 60; milliseconds += 3) {
    Kvd kvd({"--listen=127.0.0.1:0"});
    usleep(static_cast<useconds_t>(milliseconds) * 1000);
    kvd.send(SIGTERM);
    const std::string said = kvd.rest();
    const int code = kvd.wait();
    EXPECT_TRUE(said.empty() ? code == -SIGTERM : code == 0) << milliseconds << " ms: " << code << "\n"
                                                             << said;
  }
}

TEST(KvdSignals, SignalsItDoesNotUseAreIgnored) {
  Kvd kvd({"--listen=127.0.0.1:0"});
  kvd.line_with("serving");
  kvd.send(SIGUSR1);
  kvd.send(SIGUSR2);
  kvd.send(SIGHUP);
  EXPECT_THAT(kvd.line_with("reloaded"), HasSubstr("log_level=info"));
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.wait(), 0);
}

TEST(KvdSignals, ADrainWaitsForAReplyUntilTheDrainTimeout) {
  Kvd kvd({"--listen=127.0.0.1:0", "--drain-timeout=1s"});
  const UnreadReply unread(after(kvd.line_with("serving"), "listen="));
  const auto start = steady_clock::now();
  kvd.send(SIGTERM);
  EXPECT_THAT(kvd.rest(), HasSubstr("stopped clean=false"));
  EXPECT_EQ(kvd.wait(), 0);
  const auto waited = steady_clock::now() - start;
  EXPECT_GE(waited, seconds(1));
  EXPECT_LT(waited, seconds(20)) << "on a loaded machine it takes longer, but not that long";
}

// timeout(1) signals both the process and its group.
TEST(KvdSignals, TheSameSignalTwiceAtOnceIsOneStop) {
  Kvd kvd({"--listen=127.0.0.1:0"});
  kvd.line_with("serving");
  kvd.send(SIGTERM);
  kvd.send(SIGINT);
  EXPECT_THAT(kvd.rest(), HasSubstr("stopped clean=true"));
  EXPECT_EQ(kvd.wait(), 0);
}

TEST(KvdSignals, ASecondSignalEndsItAtOnce) {
  Kvd kvd({"--listen=127.0.0.1:0", "--drain-timeout=1h"});
  const UnreadReply unread(after(kvd.line_with("serving"), "listen="));
  kvd.send(SIGTERM);
  kvd.line_with("draining");
  const auto end = steady_clock::now() + seconds(60);
  while (kvd.running() && steady_clock::now() < end) {
    kvd.send(SIGTERM);
    usleep(10'000);
  }
  EXPECT_THAT(kvd.rest(), HasSubstr("second stop signal"));
  EXPECT_EQ(kvd.wait(), 1);
}

TEST(KvdSignals, ALogWithoutAReaderDoesNotKillIt) {
  Kvd kvd({"--listen=127.0.0.1:0"});
  const std::string address = after(kvd.line_with("serving"), "listen=");
  kvd.stop_reading();
  kvd.send(SIGHUP);
  auto kv = v1::KV::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    v1::GetRequest request;
    v1::GetResponse reply;
    request.set_key("k");
    ASSERT_TRUE(kv->Get(&context, request, &reply).ok());
  }
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.wait(), 0) << "nobody reads its last lines";
}

TEST(KvdSignals, HangupReloadsTheLogLevel) {
  const std::string path = testing::TempDir() + "kvd_reload." + std::to_string(getpid());
  std::ofstream(path) << "log-level = \"info\"\n";
  Kvd kvd({"--listen=127.0.0.1:0", "--config=" + path});
  kvd.line_with("serving");
  const auto reload = [&](const char* level) {
    std::ofstream(path) << "log-level = \"" << level << "\"\n";
    kvd.send(SIGHUP);
  };
  reload("debug");
  EXPECT_THAT(kvd.line_with("reloaded"), HasSubstr("log_level=debug"));
  reload("loud");
  EXPECT_THAT(kvd.line_with("reload refused"), HasSubstr("log-level"));
  reload("error");
  EXPECT_THAT(kvd.line_with("reloaded"), HasSubstr("log_level=error"));
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.rest(), "") << "at level error a stop is not worth a line";
  EXPECT_EQ(kvd.wait(), 0);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace flashkv
