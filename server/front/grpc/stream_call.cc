#include "server/front/grpc/stream_call.h"

#include <grpc/support/time.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <utility>
#include <vector>

#include "server/front/grpc/deadline.h"

namespace flashkv {
namespace {

// The message's own memory as a slice: no copy.
grpc::ByteBuffer as_buffer(MessageBytes bytes) {
  if (bytes.size() == 0) {
    const grpc::Slice none;
    return {&none, 1};
  }
  const std::size_t size = bytes.size();
  std::uint8_t* const data = bytes.release();
  const grpc::Slice slice(
      data, size, +[](void* owned) { delete[] static_cast<std::uint8_t*>(owned); }, data);
  return {&slice, 1};
}

}  // namespace

void StreamCall::post() {
  context_.AsyncNotifyWhenDone(static_cast<Event*>(&over_event_));
  owner_.service().request_stream(owner_.row(), context_, stream_, owner_.thread().queue(), open_event_);
}

void StreamCall::on_open(bool ok) {
  if (!ok) {  // the server is shut down; a call that never began gets no on_over()
    owner_.closed(*this);
    return;
  }
  deadline_ = deadline_of(context_, session().clock());
  handler_ = method_table()[owner_.row()].make_stream(*this);
  owner_.opened(*this);
  handler_->on_open();
}

void StreamCall::notice() {
  if (!finishing_) handler_->on_notice();
}

void StreamCall::read() {
  reading_ = true;
  stream_.Read(&received_, static_cast<Event*>(&read_event_));
}

void StreamCall::on_read(bool ok) {
  reading_ = false;
  if (finishing_) {
    close_when_done();
  } else if (ok) {
    const std::size_t size = received_.Length();
    grpc::ProtoBufferReader reader(&received_);
    handler_->on_message(reader, size);
  } else {
    handler_->on_end();
  }
}

void StreamCall::write(MessageBytes bytes, bool more) {
  grpc::WriteOptions options;
  // Never on the first write: it waits for the headers, which the hint would hold back indefinitely.
  if (more && headers_sent_) options.set_buffer_hint();
  headers_sent_ = true;
  writing_ = true;
  bytes_in_flight_ = bytes.size();
  stream_.Write(as_buffer(std::move(bytes)), options, static_cast<Event*>(&write_event_));
}

void StreamCall::on_write(bool ok) {
  writing_ = false;
  bytes_in_flight_ = 0;
  if (!ok) gone_ = true;
  handler_->on_writable();
}

void StreamCall::wake_after(Nanos delay) {
  timing_ = true;
  timer_.Set(&owner_.thread().queue(),
             gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(delay, GPR_TIMESPAN)),
             static_cast<Event*>(&timer_event_));
}

void StreamCall::on_timer(bool) {
  timing_ = false;
  if (finishing_) {
    close_when_done();
  } else {
    handler_->on_timer();
  }
}

// The call is over: it was finished, or the client is gone.
void StreamCall::on_over(bool) {
  over_ = true;
  if (finishing_) {
    close_when_done();
  } else {
    gone_ = true;
    handler_->on_end();
  }
}

void StreamCall::finish(Status status) {
  finishing_ = true;
  if (timing_) timer_.Cancel();
  stream_.Finish(as_grpc(std::move(status)), static_cast<Event*>(&finish_event_));
}

void StreamCall::on_finish(bool) {
  finished_ = true;
  close_when_done();
}

void StreamCall::close_when_done() {
  if (finished_ && over_ && !reading_ && !writing_ && !timing_) owner_.closed(*this);
}

void StreamCall::count(Code code) { owner_.thread().counters().count(owner_.row(), code); }
Session& StreamCall::session() { return owner_.thread().session(); }
CompletionSink& StreamCall::completions() { return owner_.thread().inbox(); }
bool StreamCall::draining() const { return owner_.thread().draining(); }

void StreamCalls::post() {
  for (int i = 0; i < kPosted; ++i) post_one();
}

void StreamCalls::post_one() {
  auto stream = std::make_unique<StreamCall>(*this);
  thread_.started();
  stream->post();
  StreamCall* const name = stream.get();
  all_.emplace(name, std::move(stream));
}

void StreamCalls::opened(StreamCall& stream) {
  open_.insert(&stream);
  if (stream.delays_stop()) thread_.begun();
  post_one();
}

void StreamCalls::closed(StreamCall& stream) {
  if (open_.erase(&stream) != 0 && stream.delays_stop()) thread_.done();
  all_.erase(&stream);
  thread_.ended();
}

void StreamCalls::notice() {
  for (StreamCall* stream : open_) stream->notice();
}

}  // namespace flashkv
