// The Scan stream: the keys of a range, in order, page by page.
#pragma once

#include <cstdint>
#include <optional>

#include "flashkv/v1/kv.pb.h"
#include "server/service/pending_call.h"
#include "server/service/server_stream.h"
#include "storage/scan.h"

namespace flashkv {

// Purpose: answers one ScanRequest. Takes a pin, once the revision that the client asks for is published, and
//          sends pages from it until the range or the limit is reached; the last page says whether there is
//          more. A client that does not read holds up nothing but its own stream.
// Usage:   named in a row of the method table; a front makes one for each stream.
// Threads: its session's.
// Lifetime: the pin is held from the writer's answer until the last page has been sent or the stream ends: so
//          --max-pins bounds the pages that wait for their clients.
// Cost:    a page is copied out of the pinned state in one section and serialized after that. Between pages,
//          and wherever it has looked at many keys without finding any, the thread's other calls get a turn.
// Limits:  one page is in flight; kPageBytes, or one larger item.
// Errors:  besides those in kv.proto: RESOURCE_EXHAUSTED (the pin was revoked), DEADLINE_EXCEEDED (the client
//          took no page for --scan-timeout), UNAVAILABLE (the server drains). Each cuts off a page that is on
//          its way.
class ScanStream final : public StreamHandler, Continuation {
 public:
  // A quarter of what the API allows, so that the calls beside it wait a fraction of a millisecond.
  static constexpr std::uint64_t kPageBytes = std::uint64_t{256} << 10;
  // Sections that find nothing, or that count, before the thread's other calls get a turn.
  static constexpr int kSections = 4;
  // How often a stream looks at its pin and its client while a page is on its way.
  static constexpr Nanos kLook = 1'000 * kNanosPerMilli;

  explicit ScanStream(ServerStream& stream);
  ScanStream(const ScanStream&) = delete;
  ScanStream& operator=(const ScanStream&) = delete;

  void on_open() override;
  void on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) override;
  void on_writable() override;
  void on_end() override;
  void on_timer() override;
  void on_notice() override;

 private:
  void resume(PendingCall& done) override;
  // Ends the stream with `why`, now or as soon as the writer has completed the call.
  void wind_up(Status why);
  void go_on();
  void start(PinPtr pin);
  bool make_page(v1::ScanResponse& page);
  bool count(v1::ScanResponse& page);
  void send(const v1::ScanResponse& page, bool last);
  void yield();
  void finish();

  ServerStream& stream_;
  v1::ScanRequest request_;
  PendingCall call_;
  PinPtr pin_;
  std::optional<OrderedScan> scan_;
  std::optional<Status> end_;  // what the stream ends with
  Nanos sent_at_ = 0;          // when the page on its way was handed over
  Answered timed_;
  bool asked_ = false;  // the client's message has arrived
  bool away_ = false;   // call_ is with the writer, or waits for this thread's next turn
  bool writing_ = false;
  bool last_sent_ = false;
  bool timing_ = false;
  bool finished_ = false;
};

}  // namespace flashkv
