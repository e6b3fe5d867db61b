#include "client/flashkv/scan.h"

#include <string>
#include <utility>
#include <vector>

#include "client/flashkv/messages.h"
#include "client/flashkv/transport.h"

namespace flashkv::client {
namespace {

// The least string above all that begin with `prefix`; empty if there is none.
std::string end_of(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

KeyRange rest_of(const KeyRange& range, std::string_view last, bool reverse) {
  KeyRange rest{.prefix = {}, .start = range.start, .end = range.end};
  if (!range.prefix.empty()) rest = {.prefix = {}, .start = range.prefix, .end = end_of(range.prefix)};
  if (reverse) {
    rest.end = last;
  } else {
    rest.start = std::string(last) + '\0';
  }
  return rest;
}

// One operation is in progress at a time, so the queue's tags need not be told apart.
struct Scanner::Stream {
  Stream(Client& client, const KeyRange& range, const ScanOptions& options)
      : patience(client.options().timeout) {
    v1::ScanRequest request;
    fill(range, request);
    fill(options, request);
    client.transport().prepare(context, std::chrono::milliseconds(0));
    call = client.transport().kv->AsyncScan(&context, request, &queue, this);
    if (wait()) {
      call->Read(&wire, this);
    } else {
      finish();
    }
  }
  ~Stream() {
    if (!ended) {
      context.TryCancel();
      wait();
      finish();
    }
    queue.Shutdown();
  }

  // Waits for the operation in progress; false: it failed. After the client's timeout the call is canceled,
  // and then it fails soon.
  bool wait() {
    void* tag = nullptr;
    bool ok = false;
    if (patience.count() == 0) {
      queue.Next(&tag, &ok);
    } else if (queue.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + patience) ==
               grpc::CompletionQueue::TIMEOUT) {
      late = true;
      context.TryCancel();
      queue.Next(&tag, &ok);
    }
    return ok;
  }
  void finish() {
    ended = true;
    grpc::Status status;
    call->Finish(&status, this);
    wait();
    if (late) {
      failed = Error{.code = Errc::kDeadlineExceeded, .message = "the scan was canceled"};
    } else if (!status.ok()) {
      failed = error_of(status, &context);
    }
  }
  // Takes the page that was being read, and asks for the next. False: there is none.
  bool turn() {
    if (ended) return false;
    if (!wait()) {
      finish();
      return false;
    }
    page.clear();
    at = 0;
    for (v1::KeyValue& kv : *wire.mutable_kvs()) page.push_back(from_wire(std::move(kv)));
    revision = wire.header().revision();
    more = wire.more();
    wire.Clear();
    call->Read(&wire, this);
    return true;
  }

  const std::chrono::milliseconds patience;
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::ClientAsyncReader<v1::ScanResponse>> call;
  v1::ScanResponse wire;  // the page that is being read
  std::vector<KeyValue> page;
  std::size_t at = 0;
  std::uint64_t count = 0;
  std::uint64_t revision = 0;
  bool more = false;
  bool late = false;
  bool ended = false;
  std::optional<Error> failed;
};

Scanner::Scanner(Client& client, const KeyRange& range, const ScanOptions& options)
    : stream_(std::make_unique<Stream>(client, range, options)) {}
Scanner::~Scanner() = default;

const KeyValue* Scanner::next() {
  while (stream_->at == stream_->page.size()) {
    if (!stream_->turn()) return nullptr;
  }
  ++stream_->count;
  return &stream_->page[stream_->at++];
}

std::uint64_t Scanner::count() const { return stream_->count; }
std::uint64_t Scanner::revision() const { return stream_->revision; }
bool Scanner::more() const { return stream_->more; }
std::optional<Error> Scanner::error() const { return stream_->failed; }

Result<CountResult> Client::count(const KeyRange& range, std::uint64_t at_least_revision) {
  v1::ScanRequest request;
  fill(range, request);
  request.set_count_only(true);
  request.set_at_least_revision(at_least_revision);
  grpc::ClientContext context;
  transport_->prepare(context, options_.timeout);
  const auto call = transport_->kv->Scan(&context, request);
  v1::ScanResponse reply;
  CountResult result;
  while (call->Read(&reply)) result = {.count = reply.count(), .revision = reply.header().revision()};
  if (const grpc::Status status = call->Finish(); !status.ok()) return error_of(status, &context);
  return result;
}

}  // namespace flashkv::client
