#include "server/front/grpc/write_stream.h"

#include <grpc/support/time.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <utility>

#include "server/front/grpc/deadline.h"
#include "server/service/kv_service.h"

namespace flashkv {
namespace {

// Between two offers of a request that met a full queue: a batch or two of the writer, then longer.
constexpr std::int64_t kRetryMicros = 500;
constexpr std::int64_t kMaxRetryMicros = 8'000;

}  // namespace

bool WriteStream::Slot::parse() {
  request_size = bytes.Length();
  request = google::protobuf::Arena::CreateMessage<v1::WriteRequest>(&arena);
  grpc::ProtoBufferReader reader(&bytes);
  return reader.status().ok() && request->ParseFromZeroCopyStream(&reader);
}

void WriteStream::Slot::release() {
  call.clear();
  bytes.Clear();
  arena.Reset();
  state = State::kFree;
}

WriteStream::WriteStream(WriteStreams& owner) : owner_(owner) {
  for (Slot& each : slots_) {
    each.stream = this;
    each.call.waiter = &each;
    each.call.sink = &owner.thread().inbox();
  }
}

void WriteStream::post() {
  grpc::ServerCompletionQueue& queue = owner_.thread().queue();
  owner_.service().RequestWrite(&context_, &stream_, &queue, &queue, static_cast<Event*>(&open_event_));
}

void WriteStream::drain() {
  wind_up({Code::kUnavailable, "the server is draining"});
  go_on();
}

void WriteStream::wind_up(Status why) {
  if (end_.ok()) end_ = std::move(why);
  no_more_ = true;
}

void WriteStream::on_open(bool ok) {
  if (!ok) {
    owner_.closed(*this);
    return;
  }
  owner_.opened(*this);
  deadline_ = deadline_of(context_, owner_.thread().session().clock());
  if (owner_.thread().draining()) wind_up({Code::kUnavailable, "the server is draining"});
  go_on();
}

void WriteStream::on_read(bool ok) {
  reading_ = false;
  Slot& read = slot(next_);
  if (!ok) {
    no_more_ = true;
  } else if (no_more_) {
    read.release();
  } else if (read.parse()) {
    ++next_;
    bytes_in_flight_ += read.request_size;
    read.call.deadline = deadline_;
    place(read, owner_.thread().session().kv().write(*read.request, read.call));
  } else {
    wind_up({Code::kInvalidArgument, "the message is no WriteRequest"});
    read.release();
  }
  go_on();
}

void WriteStream::place(Slot& slot, Started outcome) {
  if (outcome.submitted) {
    blocked_ = false;
    slot.state = State::kSubmitted;
  } else if (owner_.thread().session().kv().queue_was_full(outcome, slot.call)) {
    retry_micros_ = blocked_ ? std::min(2 * retry_micros_, kMaxRetryMicros) : kRetryMicros;
    blocked_ = true;
    retry_.Set(&owner_.thread().queue(),
               gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(retry_micros_, GPR_TIMESPAN)),
               static_cast<Event*>(&retry_event_));
  } else {
    blocked_ = false;
    answer(slot, outcome.status);
  }
}

void WriteStream::on_retry(bool) {
  Slot& newest = slot(next_ - 1);
  place(newest, owner_.thread().session().kv().retry(newest.call));
  go_on();
}

void WriteStream::on_applied(Slot& slot, const Status& status) {
  answer(slot, status);
  go_on();
}

void WriteStream::answer(Slot& slot, const Status& status) {
  owner_.thread().counters().count(Method::kWrite, status.code);
  auto& reply = *google::protobuf::Arena::CreateMessage<v1::WriteResponse>(&slot.arena);
  owner_.thread().session().kv().finish_write(*slot.request, status, slot.call, reply);
  bool owned = false;
  slot.bytes.Clear();
  // Its size is bounded before anything is applied (kMaxOutcomeBytes); were it not sent, nobody could tell.
  if (!grpc::SerializationTraits<v1::WriteResponse>::Serialize(reply, &slot.bytes, &owned).ok()) {
    wind_up({Code::kInternal, "a reply cannot be sent"});
  }
  slot.call.clear();
  slot.arena.Reset();
  slot.state = State::kAnswered;
}

void WriteStream::go_on() {
  read_next();
  write_next();
  finish_when_done();
}

void WriteStream::read_next() {
  if (reading_ || no_more_ || blocked_) return;
  if (next_ - oldest_ == kWindow || bytes_in_flight_ >= kWindowBytes) return;
  reading_ = true;
  stream_.Read(&slot(next_).bytes, static_cast<Event*>(&read_event_));
}

void WriteStream::write_next() {
  // A client that is gone: its answers are dropped as they come.
  while (broken_ && !writing_ && oldest_ != next_ && slot(oldest_).state == State::kAnswered) pop_oldest();
  if (writing_ || broken_ || oldest_ == next_ || slot(oldest_).state != State::kAnswered) return;
  grpc::WriteOptions options;
  const bool more = oldest_ + 1 != next_ && slot(oldest_ + 1).state == State::kAnswered;
  // Never the first: it waits for the headers in front of it, and a hint would keep those back for ever.
  if (more && headers_sent_) options.set_buffer_hint();
  headers_sent_ = true;
  writing_ = true;
  stream_.Write(slot(oldest_).bytes, options, static_cast<Event*>(&write_event_));
}

void WriteStream::on_write(bool ok) {
  writing_ = false;
  pop_oldest();
  if (!ok) broken_ = no_more_ = true;
  go_on();
}

void WriteStream::pop_oldest() {
  bytes_in_flight_ -= slot(oldest_).request_size;
  slot(oldest_).release();
  ++oldest_;
}

void WriteStream::finish_when_done() {
  if (finished_) {
    if (!reading_) owner_.closed(*this);
    return;
  }
  if (finishing_ || !no_more_ || writing_ || oldest_ != next_) return;
  finishing_ = true;
  stream_.Finish(as_grpc(end_), static_cast<Event*>(&finish_event_));
}

void WriteStream::on_finish(bool) {
  finished_ = true;
  finish_when_done();
}

void WriteStreams::post() {
  for (int i = 0; i < kPosted; ++i) post_one();
}

void WriteStreams::post_one() {
  auto stream = std::make_unique<WriteStream>(*this);
  thread_.started();
  stream->post();
  WriteStream* const name = stream.get();
  all_.emplace(name, std::move(stream));
}

void WriteStreams::opened(WriteStream& stream) {
  open_.insert(&stream);
  thread_.begun();
  post_one();
}

void WriteStreams::closed(WriteStream& stream) {
  if (open_.erase(&stream) != 0) thread_.done();
  all_.erase(&stream);
  thread_.ended();
}

void WriteStreams::notice() {
  if (!thread_.draining()) return;
  for (WriteStream* stream : open_) stream->drain();
}

}  // namespace flashkv
