// The Write stream: the bulk-load path.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "server/front/grpc/event.h"
#include "server/front/grpc/request_thread.h"
#include "server/front/grpc/served.h"
#include "server/service/pending_call.h"

namespace flashkv {

class WriteStreams;

// Purpose: one Write stream: reads a message, submits it, answers in the order of arrival. Up to kWindow
//          messages or kWindowBytes are in flight; when the store's queue is full it stops reading, so that
//          the client is held back by flow control, and offers the message again every kRetry.
// Threads: its request thread.
// Lifetime: closes itself when the client has ended its side and all is answered, when the connection is
//          gone, or when the server drains; always after the writer gave back every call.
// Cost:    one arena a message in flight. Messages come as bytes and are parsed here: otherwise one that is
//          damaged could not be told from the end of the stream.
// Errors:  a damaged message ends the stream with INVALID_ARGUMENT once what came before it is answered.
class WriteStream final {
 public:
  static constexpr std::size_t kWindow = 16;
  static constexpr std::size_t kWindowBytes = std::size_t{4} << 20;

  explicit WriteStream(WriteStreams& owner);
  WriteStream(const WriteStream&) = delete;
  WriteStream& operator=(const WriteStream&) = delete;

  void post();
  void drain();

 private:
  enum class State : std::uint8_t { kFree, kSubmitted, kAnswered };

  // A message on its way: its memory, its trip to the writer, its answer.
  struct Slot final : Continuation {
    void resume(PendingCall& done) override { stream->on_applied(*this, done.status); }
    bool parse();
    void release();  // all memory but a little

    WriteStream* stream = nullptr;
    State state = State::kFree;
    google::protobuf::Arena arena;
    grpc::ByteBuffer bytes;  // the request's until it is parsed, then the reply's
    std::size_t request_size = 0;
    v1::WriteRequest* request = nullptr;
    PendingCall call;
  };

  void on_open(bool ok);
  void on_read(bool ok);
  void on_write(bool ok);
  void on_retry(bool ok);
  void on_finish(bool ok);
  void on_applied(Slot& slot, const Status& status);

  void place(Slot& slot, Started outcome);
  void answer(Slot& slot, const Status& status);
  // Nothing more is read; once what was read is answered, the stream ends with `why`.
  void wind_up(Status why);
  // Starts whatever may start now: the next read, the next write, the end.
  void go_on();
  void read_next();
  void write_next();
  void finish_when_done();
  void pop_oldest();
  Slot& slot(std::uint64_t index) { return slots_[index % kWindow]; }

  WriteStreams& owner_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_{&context_};
  Nanos deadline_ = kNever;
  Status end_;  // what the stream ends with
  std::array<Slot, kWindow> slots_;
  std::uint64_t oldest_ = 0;  // slots [oldest_, next_) are in use; the one at next_ is being read
  std::uint64_t next_ = 0;
  std::size_t bytes_in_flight_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool blocked_ = false;  // the newest message waits for room in the queue
  bool no_more_ = false;  // nothing more will be read
  bool broken_ = false;   // the client is gone: nothing more can be written
  bool headers_sent_ = false;
  std::int64_t retry_micros_ = 0;  // the last gap, while blocked
  bool finishing_ = false;
  bool finished_ = false;
  grpc::Alarm retry_;
  MemberEvent<WriteStream, &WriteStream::on_open> open_event_{*this};
  MemberEvent<WriteStream, &WriteStream::on_read> read_event_{*this};
  MemberEvent<WriteStream, &WriteStream::on_write> write_event_{*this};
  MemberEvent<WriteStream, &WriteStream::on_retry> retry_event_{*this};
  MemberEvent<WriteStream, &WriteStream::on_finish> finish_event_{*this};
};

// Purpose: the Write streams of one thread: kPosted of them offered, the others open.
class WriteStreams final : public CallGroup {
 public:
  static constexpr int kPosted = 4;

  WriteStreams(RequestThread& thread, ServedKv& service) : thread_(thread), service_(service) {}

  void post() override;
  void notice() override;
  // Another one takes its place at the door.
  void opened(WriteStream& stream);
  // Deletes it.
  void closed(WriteStream& stream);

  RequestThread& thread() noexcept { return thread_; }
  ServedKv& service() noexcept { return service_; }

 private:
  void post_one();

  RequestThread& thread_;
  ServedKv& service_;
  std::unordered_map<WriteStream*, std::unique_ptr<WriteStream>> all_;
  std::unordered_set<WriteStream*> open_;
};

}  // namespace flashkv
