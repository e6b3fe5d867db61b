#include "server/service/scan_stream.h"

#include <google/protobuf/arena.h>

#include <string>
#include <utility>

#include "server/service/key_range.h"
#include "server/service/kv_service.h"
#include "server/service/method_table.h"
#include "server/service/wire.h"

namespace flashkv {
namespace {

constexpr Code kCancelled{1};
const MethodId kScan = method_id("Scan");

OrderedScan::Options options_of(const v1::ScanRequest& r) {
  return {.direction = r.reverse() ? OrderedScan::kReverse : OrderedScan::kForward,
          .limit = r.limit() == 0 ? OrderedScan::kUnlimited : r.limit(),
          .keys_only = r.keys_only()};
}

}  // namespace

ScanStream::ScanStream(ServerStream& stream) : stream_(stream) {
  call_.waiter = this;
  call_.sink = &stream.completions();
}

void ScanStream::on_open() {
  on_notice();
  if (!finished_) stream_.read();
}

void ScanStream::on_notice() {
  if (stream_.draining()) wind_up({Code::kUnavailable, "the server is draining"});
}

void ScanStream::on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) {
  if (asked_ || end_) return;
  asked_ = true;
  timed_ = {.method = kScan, .came = stream_.session().meter().now(), .request_bytes = size};
  if (!request_.ParseFromZeroCopyStream(&bytes)) {
    wind_up({Code::kInvalidArgument, "the message is not a ScanRequest"});
    return;
  }
  call_.deadline = stream_.deadline();
  Started started = stream_.session().kv().scan(request_, call_);
  away_ = started.submitted;
  if (!away_) wind_up(std::move(started.status));
}

void ScanStream::on_end() {
  if (stream_.gone()) {
    wind_up({kCancelled, ""});
  } else if (!asked_) {
    wind_up({Code::kInvalidArgument, "the stream ended without a ScanRequest"});
  }
}

void ScanStream::on_writable() {
  writing_ = false;
  if (stream_.gone()) wind_up({kCancelled, ""});
  go_on();
}

void ScanStream::resume(PendingCall& done) {
  away_ = false;
  if (!done.status.ok()) {
    wind_up(std::exchange(done.status, {}));
  } else if (done.pin != nullptr) {
    start(std::move(done.pin));
  }
  go_on();
}

void ScanStream::start(PinPtr pin) {
  pin_ = std::move(pin);
  scan_.emplace(*pin_, range_of(request_), options_of(request_));
}

void ScanStream::on_timer() {
  timing_ = false;
  if (finished_) return;
  const Nanos now = stream_.session().clock().now();
  const Nanos patience = stream_.session().kv().limits().scan_timeout;
  if (pin_ != nullptr && pin_->revoked()) {
    wind_up(revoked_status(stream_.session().store().limits()));
  } else if (now >= stream_.deadline()) {
    wind_up({Code::kDeadlineExceeded, "not all pages were sent in time"});
  } else if (writing_ && now - sent_at_ >= patience) {
    wind_up({Code::kDeadlineExceeded, "scan-timeout: the client took no page for " +
                                          std::to_string(patience / kNanosPerMilli) + " ms"});
  } else {
    timing_ = true;
    stream_.wake_after(kLook);
  }
}

void ScanStream::wind_up(Status why) {
  if (end_) return;
  end_ = std::move(why);
  if (writing_ && !stream_.gone()) stream_.cut(*end_);
  go_on();
}

void ScanStream::go_on() {
  if (finished_ || away_ || writing_) return;
  if (end_ || last_sent_) return finish();
  if (scan_ == std::nullopt) return;
  google::protobuf::Arena arena;
  auto& page = *google::protobuf::Arena::CreateMessage<v1::ScanResponse>(&arena);
  const bool made = request_.count_only() ? count(page) : make_page(page);
  if (end_) return finish();
  if (!made) return yield();
  stream_.session().kv().set_header(pin_->numbers().revision, *page.mutable_header());
  send(page, request_.count_only() || scan_->done());
}

// False: there is nothing to send yet.
bool ScanStream::make_page(v1::ScanResponse& page) {
  const OrderedScan::PageLimits limits{
      .keys = request_.page_size() == 0 ? OrderedScan::kUnlimited : request_.page_size(),
      .bytes = kPageBytes};
  for (int i = 0; i < kSections && page.kvs_size() == 0 && !scan_->done(); ++i) {
    OrderedScan::Page records(*scan_, limits);
    if (records.revoked()) {
      end_ = revoked_status(stream_.session().store().limits());
      return false;
    }
    while (const Record* record = records.next()) to_message(*record, request_.keys_only(), *page.add_kvs());
  }
  page.set_count(scan_->returned());
  page.set_more(scan_->done() && scan_->more());
  return page.kvs_size() != 0 || scan_->done();
}

bool ScanStream::count(v1::ScanResponse& page) {
  for (int i = 0; i < kSections; ++i) {
    switch (scan_->count_on()) {
      case OrderedScan::Counted::kPartly:
        break;
      case OrderedScan::Counted::kAll:
        page.set_count(scan_->counted());
        return true;
      case OrderedScan::Counted::kRevoked:
        end_ = revoked_status(stream_.session().store().limits());
        return false;
    }
  }
  return false;
}

void ScanStream::send(const v1::ScanResponse& page, bool last) {
  last_sent_ = last;
  writing_ = true;
  sent_at_ = stream_.session().clock().now();
  if (!timing_) {
    timing_ = true;
    stream_.wake_after(kLook);
  }
  MessageBytes bytes(page);
  timed_.reply_bytes += bytes.size();
  stream_.write(std::move(bytes), false);
}

// The call comes back like one that the writer has completed, after everything that waits for this thread.
void ScanStream::yield() {
  away_ = true;
  call_.next = nullptr;
  stream_.completions().complete(&call_);
}

void ScanStream::finish() {
  finished_ = true;
  scan_.reset();
  pin_.reset();
  Status status = end_.value_or(Status{});
  stream_.count(status.code);
  timed_.code = status.code;
  if (asked_) stream_.session().meter().answered(timed_);
  stream_.finish(std::move(status));
}

}  // namespace flashkv
