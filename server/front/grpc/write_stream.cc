#include "server/front/grpc/write_stream.h"

#include <grpc/support/time.h>

#include <utility>

#include "server/front/grpc/deadline.h"
#include "server/kv_service.h"

namespace flashkv {
namespace {

constexpr std::int64_t kRetryMicros = 500;  // a batch or two of the writer

}  // namespace

void WriteStream::Slot::renew() {
  request = google::protobuf::Arena::CreateMessage<v1::WriteRequest>(&arena);
  reply = google::protobuf::Arena::CreateMessage<v1::WriteResponse>(&arena);
}

void WriteStream::Slot::release() {
  submission.clear();
  arena.Reset();
  state = State::kFree;
}

WriteStream::WriteStream(WriteStreams& owner) : owner_(owner) {
  for (Slot& each : slots_) {
    each.stream = this;
    each.submission.waiter = &each;
    each.submission.sink = &owner.thread().inbox();
  }
}

void WriteStream::post() {
  grpc::ServerCompletionQueue& queue = owner_.thread().queue();
  owner_.service().RequestWrite(&context_, &stream_, &queue, &queue, static_cast<Event*>(&open_event_));
}

void WriteStream::drain() {
  draining_ = true;
  no_more_ = true;
  go_on();
}

void WriteStream::on_open(bool ok) {
  if (!ok) {
    owner_.closed(*this);
    return;
  }
  owner_.opened(*this);
  deadline_ = deadline_of(context_, owner_.thread().session().clock());
  if (owner_.thread().draining()) draining_ = no_more_ = true;
  go_on();
}

void WriteStream::on_read(bool ok) {
  reading_ = false;
  Slot& read = slot(next_);
  if (!ok || no_more_) {
    no_more_ = true;
    read.release();
  } else {
    ++next_;
    read.bytes = read.request->ByteSizeLong();
    bytes_in_flight_ += read.bytes;
    read.submission.deadline = deadline_;
    place(read, owner_.thread().session().kv().write(*read.request, read.submission));
  }
  go_on();
}

void WriteStream::place(Slot& slot, Outcome outcome) {
  if (outcome.submitted) {
    slot.state = State::kSubmitted;
  } else if (owner_.thread().session().kv().queue_was_full(outcome, slot.submission)) {
    blocked_ = true;
    retry_.Set(&owner_.thread().queue(),
               gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(kRetryMicros, GPR_TIMESPAN)),
               static_cast<Event*>(&retry_event_));
  } else {
    answer(slot, outcome.status);
  }
}

void WriteStream::on_retry(bool) {
  blocked_ = false;
  Slot& newest = slot(next_ - 1);
  place(newest, owner_.thread().session().kv().retry(newest.submission));
  go_on();
}

void WriteStream::on_applied(Slot& slot, const Status& status) {
  answer(slot, status);
  go_on();
}

void WriteStream::answer(Slot& slot, const Status& status) {
  owner_.thread().counters().count(Method::kWrite, status.code);
  owner_.thread().session().kv().write_done(*slot.request, status, slot.submission, *slot.reply);
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
  Slot& free = slot(next_);
  free.renew();
  reading_ = true;
  stream_.Read(free.request, static_cast<Event*>(&read_event_));
}

void WriteStream::write_next() {
  // A client that is gone: its answers are dropped as they come.
  while (broken_ && !writing_ && oldest_ != next_ && slot(oldest_).state == State::kAnswered) pop_oldest();
  if (writing_ || broken_ || oldest_ == next_ || slot(oldest_).state != State::kAnswered) return;
  grpc::WriteOptions options;
  if (oldest_ + 1 != next_ && slot(oldest_ + 1).state == State::kAnswered) options.set_buffer_hint();
  writing_ = true;
  stream_.Write(*slot(oldest_).reply, options, static_cast<Event*>(&write_event_));
}

void WriteStream::on_write(bool ok) {
  writing_ = false;
  pop_oldest();
  if (!ok) broken_ = no_more_ = true;
  go_on();
}

void WriteStream::pop_oldest() {
  bytes_in_flight_ -= slot(oldest_).bytes;
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
  Status status;
  if (draining_) status = {Code::kUnavailable, "the server is draining"};
  stream_.Finish(as_grpc(std::move(status)), static_cast<Event*>(&finish_event_));
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
  post_one();
}

void WriteStreams::closed(WriteStream& stream) {
  open_.erase(&stream);
  all_.erase(&stream);
  thread_.ended();
}

void WriteStreams::notice() {
  if (!thread_.draining()) return;
  for (WriteStream* stream : open_) stream->drain();
}

}  // namespace flashkv
