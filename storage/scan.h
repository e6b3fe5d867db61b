// Reading a pinned state: in the order of its keys, or key by key.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/order/cursor.h"
#include "storage/record/record.h"
#include "storage/record/store_limits.h"
#include "storage/request/pinned_state.h"
#include "storage/request/status.h"

namespace flashkv {

// Keys from `start` up to but not including `end`; an empty end is above all keys.
struct ScanRange {
  std::string start;
  std::string end;
};
// All keys that begin with the prefix. May throw std::bad_alloc.
ScanRange prefix_range(std::string_view prefix);

// What a request gets whose pin was revoked: RESOURCE_EXHAUSTED, naming max-pinned-bytes.
Status revoked_status(const StoreLimits& limits);

// Purpose: while it lives, records of the pinned state stay where they are. Copy what is needed of them and
//          end it: the writer can free nothing of a pin that is in a section.
// Usage:   { PinSection section(*pin);  if (!section) return revoked_status(store.limits());
//            if (const Record* r = section.find("color")) copy(*r); }
// Threads: one at a time for a pin; never across a wait, a socket or another request.
// Cost:    two read-modify-writes; find() is a descent of the tree, some 0.5 us.
class PinSection {
 public:
  explicit PinSection(PinnedState& pin) noexcept : pin_(pin), inside_(pin.use_.enter()) {}
  PinSection(const PinSection&) = delete;
  PinSection& operator=(const PinSection&) = delete;
  ~PinSection() {
    if (inside_) pin_.use_.leave();
  }
  // False: the pin was revoked.
  explicit operator bool() const noexcept { return inside_; }
  // Null: absent, or expired at the pin's instant. Only inside.
  const Record* find(std::string_view key) const noexcept;

 private:
  friend class OrderedScan;
  order::Root root() const noexcept;

  PinnedState& pin_;
  const bool inside_;
};

// Purpose: goes over the live records of a range, up or down, page by page; or counts them.
// Usage:   OrderedScan scan(*pin, prefix_range("user:"), {.limit = 1'000});
//          do {
//            OrderedScan::Page page(scan, {.bytes = 1 << 20});          // a section
//            while (const Record* record = page.next()) copy(*record);  // into the reply
//            if (page.revoked()) return revoked_status(store.limits());
//          } while (send(), !scan.done());
//          answer.more = scan.more();
// Threads: one at a time.
// Lifetime: borrows the pin. A record of a page is valid until the page goes.
// Cost:    two descents for the scan and some 15 ns a key; no allocation but the bounds' copies.
// Limits:  a page, or a count_on(), looks at kLooks keys at most and so takes a fraction of a millisecond: it
//          can end before it is full, and empty, while done() is false.
// Errors:  the constructor throws std::bad_alloc.
class OrderedScan {
 public:
  enum Direction : bool { kForward, kReverse };
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
  // Keys that one section looks at, expired ones included.
  static constexpr std::uint64_t kLooks = 16'384;
  // What an item counts for in a page beside the bytes of its key and value.
  static constexpr std::uint64_t kItemBytes = 64;

  struct Options {
    Direction direction = kForward;
    std::uint64_t limit = kUnlimited;  // of all pages together
    bool keys_only = false;            // values do not count in a page's bytes
  };
  struct PageLimits {
    std::uint64_t keys = kUnlimited;
    std::uint64_t bytes = kUnlimited;  // a single larger item is a page of its own
  };
  OrderedScan(PinnedState& pin, ScanRange range, Options options);
  OrderedScan(PinnedState& pin, ScanRange range) : OrderedScan(pin, std::move(range), Options{}) {}
  OrderedScan(const OrderedScan&) = delete;
  OrderedScan& operator=(const OrderedScan&) = delete;

  class Page {
   public:
    Page(OrderedScan& scan, PageLimits limits) noexcept;
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;
    // Null at the end of the page.
    const Record* next() noexcept;
    bool revoked() const noexcept { return !section_; }

   private:
    PinSection section_;
    OrderedScan& scan_;
    PageLimits left_;
    std::uint64_t looks_ = kLooks;
    bool empty_ = true;
  };

  // No page will have another record: the range or the limit has been reached.
  bool done() const noexcept { return done_; }
  // Once done: the range has live keys beyond the limit.
  bool more() const noexcept { return more_; }
  // Records that pages have returned.
  std::uint64_t returned() const noexcept { return returned_; }

  enum class Counted : std::uint8_t { kPartly, kAll, kRevoked };
  // Counts on from where the scan is to the end of the range, whatever the limit, and adds to counted(): as
  // many as pages would return. The scan must not return pages afterwards. Looks at leaves only, where no key
  // of the state has an expiry.
  Counted count_on() noexcept;
  std::uint64_t counted() const noexcept { return counted_; }

 private:
  // Passing a leaf without reading its records takes about as long as looking at so many keys.
  static constexpr std::uint64_t kLooksOfLeaf = 4;
  void begin(const PinSection& section) noexcept;
  const Record* look(std::uint64_t& looks) noexcept;

  PinnedState& pin_;
  const ScanRange range_;
  const Options options_;
  std::optional<order::Cursor> cursor_;  // made by the first section
  const Record* waiting_ = nullptr;      // looked at, and too large for its page
  std::uint64_t returned_ = 0;
  std::uint64_t counted_ = 0;
  bool done_ = false;
  bool more_ = false;
};

}  // namespace flashkv
