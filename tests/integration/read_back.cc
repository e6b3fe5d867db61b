// Asks a server for every record of a file by Get, many at a time, and compares.
//
//   read_back HOST:PORT FILE    FILE: records, each two 32-bit little-endian lengths, a key, its value
//
// Prints how many came back as they should; the first that did not is named on standard error, with exit code
// 1.
#include <flashkv/v1/kv.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <semaphore>
#include <string>

namespace {

constexpr std::ptrdiff_t kInFlight = 200;
constexpr std::chrono::seconds kTimeout{60};  // only so that a hang fails

struct Call {
  grpc::ClientContext context;
  flashkv::v1::GetRequest request;
  flashkv::v1::GetResponse response;
  std::string value;
};

bool read(std::istream& in, std::uint32_t& length) {
  unsigned char bytes[4];
  if (!in.read(reinterpret_cast<char*>(bytes), sizeof bytes)) return false;
  length = 0;
  for (unsigned i = 0; i < 4; ++i) length |= static_cast<std::uint32_t>(bytes[i]) << 8 * i;
  return true;
}
bool read(std::istream& in, std::string& text, std::uint32_t length) {
  text.resize(length);
  return static_cast<bool>(in.read(text.data(), length));
}

class ReadBack {
 public:
  explicit ReadBack(const char* endpoint)
      : stub_(flashkv::v1::KV::NewStub(grpc::CreateChannel(endpoint, grpc::InsecureChannelCredentials()))) {}

  void ask(std::unique_ptr<Call> call) {
    room_.acquire();
    Call* c = call.release();
    c->context.set_deadline(std::chrono::system_clock::now() + kTimeout);
    c->context.set_wait_for_ready(true);
    stub_->async()->Get(&c->context, &c->request, &c->response, [this, c](const grpc::Status& status) {
      judge(std::unique_ptr<Call>(c), status);
      room_.release();
    });
  }

  // Waits for the answers; the number of right ones, or -1.
  long finish() {
    for (std::ptrdiff_t i = 0; i < kInFlight; ++i) room_.acquire();
    return wrong_ ? -1 : right_.load();
  }

 private:
  void judge(std::unique_ptr<Call> call, const grpc::Status& status) {
    const bool same = status.ok() && call->response.has_kv() && call->response.kv().value() == call->value;
    if (same) {
      ++right_;
    } else if (!wrong_.exchange(true)) {
      std::fprintf(stderr, "read_back: %s: %s\n", call->request.key().c_str(),
                   status.ok() ? "absent, or not the value it was given" : status.error_message().c_str());
    }
  }

  std::unique_ptr<flashkv::v1::KV::Stub> stub_;
  std::counting_semaphore<> room_{kInFlight};
  std::atomic<long> right_{0};
  std::atomic<bool> wrong_{false};
};

}  // namespace

int main(int argc, char** argv) {
  std::ifstream file;
  if (argc == 3) file.open(argv[2], std::ios::binary);
  if (!file) {
    std::fputs("usage: read_back HOST:PORT FILE, a file that can be read\n", stderr);
    return 2;
  }
  ReadBack server(argv[1]);
  std::uint32_t key_length;
  std::uint32_t value_length;
  while (read(file, key_length)) {
    auto call = std::make_unique<Call>();
    if (!read(file, value_length) || !read(file, *call->request.mutable_key(), key_length) ||
        !read(file, call->value, value_length)) {
      std::fputs("read_back: the file ends within a record\n", stderr);
      return 2;
    }
    server.ask(std::move(call));
  }
  const long right = server.finish();
  if (right < 0) return EXIT_FAILURE;
  std::printf("%ld\n", right);
}
