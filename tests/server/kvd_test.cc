// The program itself: what it prints, what it ends with, what signals do.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "flashkv/v1/kv.grpc.pb.h"

namespace flashkv {
namespace {

using testing::HasSubstr;

// Purpose: one kvd with its output in a pipe.
// Lifetime: killed at the end where it still runs.
class Kvd {
 public:
  explicit Kvd(std::vector<std::string> flags) {
    std::array<int, 2> pipe_ends{};
    EXPECT_EQ(pipe(pipe_ends.data()), 0);
    flags.insert(flags.begin(), KVD);
    std::vector<char*> argv;
    for (std::string& flag : flags) argv.push_back(flag.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(pipe_ends[1], STDOUT_FILENO);
      dup2(pipe_ends[1], STDERR_FILENO);
      close(pipe_ends[0]);
      close(pipe_ends[1]);
      execv(KVD, argv.data());
      _exit(127);
    }
    close(pipe_ends[1]);
    output_ = fdopen(pipe_ends[0], "r");
  }
  ~Kvd() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    fclose(output_);
  }

  // The next line, empty at the end.
  std::string line() {
    std::array<char, 4096> text{};
    return fgets(text.data(), text.size(), output_) == nullptr ? std::string() : std::string(text.data());
  }
  // Reads until a line that contains `text`; returns that line.
  std::string line_with(const std::string& text) {
    for (std::string l = line(); !l.empty(); l = line()) {
      if (l.find(text) != std::string::npos) return l;
    }
    ADD_FAILURE() << "no line with " << text;
    return {};
  }
  std::string rest() {
    std::string all;
    for (std::string l = line(); !l.empty(); l = line()) all += l;
    return all;
  }
  // The pipe's other end goes away.
  void stop_reading() { output_ = freopen("/dev/null", "r", output_); }
  void send(int signal) { kill(pid_, signal); }
  // The exit code, or minus the signal that ended it.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  FILE* output_ = nullptr;
};

std::string after(const std::string& line, const std::string& name) {
  const std::size_t at = line.find(name);
  return at == std::string::npos ? "" : line.substr(at + name.size(), line.find(' ', at) - at - name.size());
}

TEST(Kvd, ABadFlagIsOneLineAndExitCodeTwo) {
  Kvd kvd({"--threads=none"});
  const std::string line = kvd.line();
  EXPECT_THAT(line, HasSubstr("kvd: --threads"));
  EXPECT_EQ(kvd.rest(), "");
  EXPECT_EQ(kvd.wait(), 2);
}

TEST(Kvd, VersionHelpAndConfigurationArePrinted) {
  Kvd version({"--version"});
  EXPECT_THAT(version.rest(), testing::StartsWith("kvd "));
  EXPECT_EQ(version.wait(), 0);
  Kvd help({"--help"});
  EXPECT_THAT(help.rest(), HasSubstr("--listen"));
  EXPECT_EQ(help.wait(), 0);
  Kvd print({"--print-config", "--threads=3"});
  EXPECT_THAT(print.rest(), HasSubstr("threads = \"3\"  # flag"));
  EXPECT_EQ(print.wait(), 0);
}

TEST(Kvd, ServesSaysThatItIsMemoryOnlyAndDrainsOnTerm) {
  Kvd kvd({"--listen=127.0.0.1:0"});
  const std::string line = kvd.line_with("serving");
  EXPECT_THAT(line, HasSubstr("engine=flashmap"));
  EXPECT_THAT(line, HasSubstr("memory only"));
  auto kv = v1::KV::NewStub(grpc::CreateChannel(after(line, "listen="), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::PutRequest request;
  v1::PutResponse reply;
  request.set_key("secret-key");
  request.set_value("secret-value");
  ASSERT_TRUE(kv->Put(&context, request, &reply).ok());
  kvd.send(SIGTERM);
  const std::string rest = kvd.rest();
  EXPECT_THAT(rest, HasSubstr("draining"));
  EXPECT_THAT(rest, HasSubstr("stopped clean=true"));
  EXPECT_THAT(rest, testing::Not(HasSubstr("secret")));
  EXPECT_EQ(kvd.wait(), 0);
}

TEST(Kvd, TheEngineAndItsTraitsAreLoggedOnce) {
  Kvd kvd({"--listen=127.0.0.1:0", "--engine=perfect-hash-leak"});
  EXPECT_THAT(kvd.line(),
              HasSubstr(" info engine name=perfect-hash-leak atomic_batch=false linearizable=true "
                        "ordered=false bounded_garbage=false read_rmw=none\n"));
  EXPECT_THAT(kvd.line(), HasSubstr(" info serving "));
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.wait(), 0);
}

// Found with the other settings, so that no warning about the machine comes before it.
TEST(Kvd, AnOptionThatTheEngineDoesNotTakeIsOneLineAndExitCodeTwo) {
  Kvd kvd({"--engine=radix", "--guard=refcount", "--max-connections=1000000"});
  EXPECT_THAT(kvd.rest(), testing::MatchesRegex("kvd: --engine, --guard: [^\n]*allowed: auto[^\n]*\n"));
  EXPECT_EQ(kvd.wait(), 2);
}

TEST(Kvd, InterruptDrainsToo) {
  Kvd kvd({"--listen=127.0.0.1:0"});
  kvd.line_with("serving");
  kvd.send(SIGINT);
  EXPECT_EQ(kvd.wait(), 0);
}

TEST(Kvd, ATakenPortIsOneLineAndExitCodeThree) {
  Kvd first({"--listen=127.0.0.1:0"});
  const std::string address = after(first.line_with("serving"), "listen=");
  Kvd second({"--listen=" + address});
  EXPECT_THAT(second.line(), HasSubstr(address));
  EXPECT_EQ(second.rest(), "");
  EXPECT_EQ(second.wait(), 3);
}

// The library alone would wait for its peers to hang up.
TEST(Kvd, PeersThatDoNothingDoNotHoldUpTheDrain) {
  Kvd kvd({"--listen=127.0.0.1:0", "--drain-timeout=1h"});
  const std::string address = after(kvd.line_with("serving"), "listen=");
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int silent = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(connect(silent, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  // A stream of reflection, which belongs to the library.
  auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  const grpc::internal::RpcMethod method("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                         grpc::internal::RpcMethod::BIDI_STREAMING);
  using Factory = grpc::internal::ClientReaderWriterFactory<v1::GetRequest, v1::GetResponse>;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::GetRequest, v1::GetResponse>> stream(
      Factory::Create(channel.get(), method, &context));
  ASSERT_TRUE(stream->Write(v1::GetRequest()));
  v1::GetResponse ignored;
  stream->Read(&ignored);
  kvd.send(SIGTERM);
  EXPECT_THAT(kvd.rest(), HasSubstr("stopped clean=true"));
  EXPECT_EQ(kvd.wait(), 0);
  close(silent);
  context.TryCancel();
}

TEST(Kvd, ASecondSignalEndsItAtOnce) {
  Kvd kvd({"--listen=127.0.0.1:0", "--drain-timeout=1h"});
  const std::string address = after(kvd.line_with("serving"), "listen=");
  auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  auto kv = v1::KV::NewStub(channel);
  v1::PutRequest put;
  v1::PutResponse written;
  put.set_key("large");
  put.set_value(std::string(std::size_t{8} << 20, 'v'));
  grpc::ClientContext putting;
  ASSERT_TRUE(kv->Put(&putting, put, &written).ok());
  // A reply that its client does not take keeps the drain waiting.
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  v1::GetRequest get;
  get.set_key("large");
  grpc::GenericStub generic(channel);
  auto call = generic.PrepareCall(&context, "/flashkv.v1.KV/Get", &queue);
  const grpc::Slice slice(get.SerializeAsString());
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  call->ReadInitialMetadata(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  kvd.send(SIGTERM);
  kvd.line_with("draining");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.wait(), 1);
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
}

TEST(Kvd, ALogThatNobodyReadsDoesNotEndIt) {
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
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.wait(), 0);
}

TEST(Kvd, HangupReloadsTheLogLevel) {
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
  // Of two signals that wait together, either may come first.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.rest(), "") << "at level error a stop is not worth a line";
  EXPECT_EQ(kvd.wait(), 0);
  std::remove(path.c_str());
}

TEST(Kvd, JsonLinesAreJson) {
  Kvd kvd({"--listen=127.0.0.1:0", "--log-format=json"});
  for (const std::string message : {"engine", "serving"}) {
    EXPECT_THAT(kvd.line(),
                testing::MatchesRegex("\\{\"time\":\"[^\"]+Z\",\"level\":\"info\",\"message\":\"" + message +
                                      "\",.*\\}\n"));
  }
  kvd.send(SIGTERM);
  EXPECT_EQ(kvd.wait(), 0);
}

}  // namespace
}  // namespace flashkv
