// The Watch stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "flashkv/v1/kv.pb.h"
#include "server/service/server_stream.h"
#include "server/service/watch/watch.h"

namespace flashkv {

class WatchHub;

// Purpose: creates and cancels the watches of one stream, and sends their replies in the order in which they
//          were queued.
// Usage:   named in a row of the method table; a front makes one for each stream.
// Threads: its session's.
// Lifetime: finishes when the client is gone, when it has ended its side and no watch is left, or when the
//          server drains; what waits to be sent then is dropped.
// Limits:  at kBuffered bytes of replies that wait to be sent it reads no more messages, and its watches stop
//          reading events: they fall behind, and in the end out of the history. A reply is as large as a
//          slice of the hub, or as the events of one revision: kMostReply at most, else the watch is canceled
//          or, if it allows that, the revision is split at kSplit.
// Errors:  see the proto: most concern one watch and end only that.
class WatchStream final : public StreamHandler {
 public:
  static constexpr std::size_t kBuffered = std::size_t{1} << 20;
  static constexpr std::size_t kMostReply = std::size_t{16} << 20;
  static constexpr std::size_t kSplit = std::size_t{1} << 20;
  static constexpr Nanos kLeastInterval = 100 * kNanosPerMilli;
  // How often intervals are looked at, at least.
  static constexpr Nanos kLook = 1'000 * kNanosPerMilli;
  static constexpr Nanos kMostInterval = 86'400'000 * kNanosPerMilli;

  explicit WatchStream(ServerStream& stream);
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;
  ~WatchStream() override;

  void on_open() override;
  void on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) override;
  void on_writable() override;
  void on_end() override;
  void on_timer() override;
  void on_notice() override { go_on(); }
  bool delays_stop() const override { return false; }

  // By the hub. Queues the watch's ready events as one reply; `fragment`: more of the revision follows.
  void send_ready(Watch& watch, std::uint64_t revision, bool fragment);
  void cancel(Watch& watch, const Status& why, std::uint64_t compact_revision);
  bool has_room() const { return buffered_ + ready_ < kBuffered && !stream_.gone() && !finished_; }
  std::size_t ready() const noexcept { return ready_; }
  void more_ready(std::ptrdiff_t bytes) noexcept { ready_ += static_cast<std::size_t>(bytes); }
  // Watches that are behind, the next to read on in front.
  std::deque<Watch*>& behind() noexcept { return behind_; }
  void go_on();

  bool in_runnable = false;  // the hub's

 private:
  void create(const v1::WatchCreate& request);
  void refuse(std::uint64_t id, const Status& why);
  void remove(Watch& watch);
  void canceled(std::uint64_t id, const Status& why, std::uint64_t compact_revision, bool created);
  void send(v1::WatchResponse& reply, const std::string& events = {});
  void send_progress();
  void set_timer();
  void read_next();
  void write_next();
  void finish_when_done();
  void wind_up(Status why);

  ServerStream& stream_;
  std::shared_ptr<WatchHub> hub_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Watch>> watches_;
  std::deque<Watch*> behind_;
  std::deque<MessageBytes> replies_;
  std::size_t buffered_ = 0;   // of replies_, and of
  std::size_t in_flight_ = 0;  // the reply being written
  std::size_t ready_ = 0;      // of Watch::ready
  std::uint64_t next_id_ = 1;
  Status end_;
  bool reading_ = false;
  bool writing_ = false;
  bool no_more_ = false;  // nothing more will be read
  bool over_ = false;     // what waits is dropped
  bool finished_ = false;
  bool progress_asked_ = false;
  std::uint64_t told_ = 0;  // the highest revision in a reply: what progress says is not below it
  bool timing_ = false;
};

}  // namespace flashkv
