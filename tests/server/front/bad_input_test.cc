#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <random>

#include "tests/support/front_fixture.h"

namespace flashkv::test {
namespace {

using testing::HasSubstr;

class BadInputTest : public FrontTest {
 protected:
  void SetUp() override {
    serve();
    run_writer();
    ASSERT_TRUE(put("intact", "v").ok());
  }
  void TearDown() override { EXPECT_EQ(get("intact"), "v") << "the server still runs, with its data intact"; }

  // Sends one message of raw bytes to any method, as a stream.
  grpc::Status send(const std::string& method, const std::string& bytes) {
    Patient context;
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel);
    auto call = stub.PrepareCall(&context, method, &queue);
    const grpc::Slice slice(bytes);
    const auto next = [&] {
      void* tag = nullptr;
      bool ok = false;
      EXPECT_TRUE(queue.Next(&tag, &ok));
      return ok;
    };
    call->StartCall(nullptr);
    next();
    call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    next();
    grpc::ByteBuffer reply;
    do {
      call->Read(&reply, nullptr);
    } while (next());
    grpc::Status status;
    call->Finish(&status, nullptr);
    next();
    return status;
  }
};

TEST_F(BadInputTest, EveryMethodOfTheProtoIsServedOrNamedAsUnserved) {
  const std::set<std::string> served{"Get",
                                     "MultiGet",
                                     "Put",
                                     "Delete",
                                     "Expire",
                                     "Increment",
                                     "Append",
                                     "Txn",
                                     "Scan",
                                     "Write",
                                     "Watch",
                                     "Pipeline",
                                     "Stats",
                                     "Publish",
                                     "GetPublishPolicy",
                                     "SetPublishPolicy",
                                     "SlowLog",
                                     "SetLogLevel"};
  std::size_t unserved = 0;
  for (const char* file : {"flashkv/v1/kv.proto", "flashkv/v1/admin.proto"}) {
    const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(file);
    const auto* service = descriptor->service(0);
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string name = service->method(i)->name();
      const grpc::Status status = send("/" + service->full_name() + "/" + name, "");
      if (served.contains(name)) {
        EXPECT_THAT(status.error_code(),
                    testing::AnyOf(grpc::StatusCode::OK, grpc::StatusCode::INVALID_ARGUMENT,
                                   grpc::StatusCode::FAILED_PRECONDITION))  // Watch: no history is kept here
            << name;
      } else {
        ++unserved;
        EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << name;
        EXPECT_THAT(status.error_message(), HasSubstr(name));
      }
    }
  }
  EXPECT_EQ(count("other", Code::kUnimplemented), unserved);
}

TEST_F(BadInputTest, UnknownMethodsAreUnimplemented) {
  for (const char* method :
       {"/flashkv.v1.KV/Nothing", "/flashkv.v9.KV/Get", "/a/b", "/grpc.health.v1.Health/Other"}) {
    EXPECT_EQ(send(method, "xyz").error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
}

TEST_F(BadInputTest, BytesThatDoNotParseAreRefused) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    std::string bytes(random() % 64, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (const char* method : {"Get", "MultiGet", "Write"}) {
      const auto code = send("/flashkv.v1.KV/" + std::string(method), bytes).error_code();
      EXPECT_THAT(code, testing::AnyOf(grpc::StatusCode::OK, grpc::StatusCode::INVALID_ARGUMENT));
    }
  }
  // Lengths without an end, too long, and beyond the message; a kind that does not exist; field 0.
  const std::vector<std::string> broken{std::string(20, '\xff'), "\x0a\xff\xff\xff\xff\x0f",
                                        "\x0a\x05"
                                        "abc",
                                        "\x0f", std::string(1, '\0')};
  for (const char* method :
       {"KV/Get", "KV/MultiGet", "KV/Put", "KV/Delete", "KV/Write", "Admin/SetPublishPolicy"}) {
    for (const std::string& bytes : broken) {
      EXPECT_EQ(send("/flashkv.v1." + std::string(method), bytes).error_code(),
                grpc::StatusCode::INVALID_ARGUMENT)
          << method;
    }
  }
}

TEST_F(BadInputTest, BytesThatDoNotParseDoNotStayInMemory) {
  constexpr std::size_t kSize = std::size_t{4} << 20;
  v1::GetRequest large;
  large.set_key(std::string(kSize, 'k'));
  // Ends with an invalid wire type, which the parser meets after it has read the key.
  const std::string damaged = large.SerializeAsString() + "\x17";
  send("/flashkv.v1.KV/Get", damaged);
  const std::uint64_t before = held_bytes();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(send("/flashkv.v1.KV/Get", damaged).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_LT(held_bytes(), before + 30 * kSize);
}

TEST_F(BadInputTest, ACompressedMessageIsRefusedWithoutBeingDecompressed) {
  Patient context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  v1::PutRequest request;
  v1::PutResponse reply;
  request.set_key("packed");
  request.set_value(std::string(std::size_t{64} << 20, '\0'));
  EXPECT_EQ(kv->Put(&context, request, &reply).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(BadInputTest, AMalformedMessageEndsAStreamOnceThoseBeforeItAreAnswered) {
  Patient context;
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel);
  auto call = stub.PrepareCall(&context, "/flashkv.v1.KV/Write", &queue);
  const auto next = [&] {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return ok;
  };
  v1::WriteRequest good;
  good.add_ops()->mutable_put()->set_key("good");
  const grpc::Slice first(good.SerializeAsString());
  const grpc::Slice second(std::string(9, '\xff'));
  call->StartCall(nullptr);
  ASSERT_TRUE(next());
  for (const grpc::Slice& slice : {first, second}) {
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    ASSERT_TRUE(next());
  }
  grpc::ByteBuffer reply;
  call->Read(&reply, nullptr);
  EXPECT_TRUE(next()) << "the valid one is answered";
  call->Read(&reply, nullptr);
  EXPECT_FALSE(next());
  grpc::Status status;
  call->Finish(&status, nullptr);
  next();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(get("good"), "");
}

TEST_F(BadInputTest, OversizedMessagesAreRefusedByTheirSize) {
  const std::uint64_t limit = config.limits.max_request_bytes;
  EXPECT_EQ(put("k", std::string(limit - 1'000, 'v')).error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "a request of that size is read, but its value is too long";
  const grpc::Status status = put("k", std::string(limit + kEnvelopeBytes, 'v'));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  Patient context;
  auto stream = kv->Write(&context);
  v1::WriteRequest request;
  request.add_ops()->mutable_put()->set_value(std::string(limit + kEnvelopeBytes, 'v'));
  stream->Write(request);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(BadInputTest, AConnectionHasAtMostMaxStreamsCallsInFlight) {
  stop();
  config.max_streams = 3;
  serve();
  std::vector<std::unique_ptr<Patient>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReaderWriter<v1::WriteRequest, v1::WriteResponse>>> streams;
  for (int i = 0; i < 3; ++i) {
    contexts.push_back(std::make_unique<Patient>());
    streams.push_back(kv->Write(contexts.back().get()));
    v1::WriteRequest request;
    request.add_ops()->mutable_put()->set_key("intact");
    request.mutable_ops(0)->mutable_put()->set_value("v");
    ASSERT_TRUE(streams.back()->Write(request));
  }
  run_writer();
  v1::WriteResponse reply;
  for (auto& stream : streams) ASSERT_TRUE(stream->Read(&reply));
  grpc::ClientContext fourth;
  fourth.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  v1::GetRequest request;
  v1::GetResponse got;
  request.set_key("intact");
  EXPECT_EQ(kv->Get(&fourth, request, &got).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  streams.front()->WritesDone();
  EXPECT_TRUE(streams.front()->Finish().ok());
  EXPECT_EQ(get("intact"), "v") << "there is room for a stream again";
  for (std::size_t i = 1; i < 3; ++i) {
    streams[i]->WritesDone();
    streams[i]->Finish();
  }
}

}  // namespace
}  // namespace flashkv::test
