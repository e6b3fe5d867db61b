// Removes keys that have expired.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "storage/expiry/timer_wheel.h"
#include "storage/record/hash.h"
#include "storage/request/request.h"
#include "storage/sync/clock.h"
#include "storage/writer/source.h"

namespace flashkv {

// Purpose: offers the writer one removal for each expired key, so that each takes a revision of its own.
//          Whether the key has expired is decided again when the removal is applied.
// Usage:   ExpirySource expiry(staged.expiries(), engine.hash());
//          expiry.advance(now);                       // in each step, due or not: it keeps the wheel on time
//          if (expiry.due() <= now) apply(expiry.offer(assigned, now, max_batch));
// Threads: the writer's.
// Lifetime: borrows the wheel. The records offered are kept until take_back().
// Cost:    nothing due: a look at each level of the wheel. Otherwise one hash and one list step for each key.
//          The first offer allocates 300 KiB.
// Limits:  kMaxKeys removals and kMaxBytes (exceeded by one record at most) an offer, kMaxMoves moves in
//          the wheel an advance(). When nothing could be removed (memory is short), one key is tried
//          after kRetryGap; the gap doubles up to kMaxRetryGap.
class ExpirySource final : public Source {
 public:
  // A few tenths of a millisecond's work each: clients that write meanwhile wait for it.
  static constexpr std::size_t kMaxKeys = 1'024;
  static constexpr std::size_t kMaxMoves = 4'096;
  // Once an offer removes so many bytes of records, it is complete: they go back to the system.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 20;
  static constexpr Nanos kRetryGap = 10 * kNanosPerMilli;
  static constexpr Nanos kMaxRetryGap = 1'000 * kNanosPerMilli;

  ExpirySource(TimerWheel& wheel, KeyHash hash) noexcept : wheel_(wheel), hash_(hash) {}

  void advance(Nanos now) noexcept { wheel_.advance(now / kNanosPerMilli, kMaxMoves); }
  Nanos due() const noexcept override;
  Request* offer(std::uint64_t assigned, Nanos now, std::uint64_t max_ops) noexcept override;
  void take_back(Request* first) noexcept override;

 private:
  struct Piece {
    std::array<Record*, kMaxKeys> records;
    std::array<Op, kMaxKeys> ops;
    std::array<Request, kMaxKeys> requests;
  };
  void put_off(Nanos now) noexcept;

  TimerWheel& wheel_;
  KeyHash hash_;
  std::unique_ptr<Piece> piece_;
  std::size_t offered_ = 0;
  Nanos offered_at_ = 0;
  Nanos retry_at_ = 0;
  Nanos retry_gap_ = 0;  // 0 = the last piece removed something
};

}  // namespace flashkv
