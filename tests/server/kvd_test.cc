// kvd as a process: its output and its exit codes.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "flashkv/v1/kv.grpc.pb.h"
#include "tests/server/kvd.h"

namespace flashkv {
namespace {

using testing::HasSubstr;

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

TEST(Kvd, ServesLogsThatItIsMemoryOnlyAndDrainsOnTerm) {
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

// It is refused along with other bad settings, before any warning about the machine.
TEST(Kvd, AnOptionThatTheEngineDoesNotTakeIsOneLineAndExitCodeTwo) {
  Kvd kvd({"--engine=radix", "--guard=refcount", "--max-connections=1000000"});
  EXPECT_THAT(kvd.rest(), testing::MatchesRegex("kvd: --engine, --guard: [^\n]*allowed: auto[^\n]*\n"));
  EXPECT_EQ(kvd.wait(), 2);
}

// By itself, gRPC waits until its peers hang up.
TEST(Kvd, IdlePeersDoNotHoldUpTheDrain) {
  Kvd kvd({"--listen=127.0.0.1:0", "--drain-timeout=1h"});
  const std::string address = after(kvd.line_with("serving"), "listen=");
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int silent = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(connect(silent, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  // A reflection stream, which gRPC serves itself.
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
