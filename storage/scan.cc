#include "storage/scan.h"

#include <algorithm>
#include <utility>

#include "storage/order/descent.h"
#include "storage/order/pins.h"

namespace flashkv {

ScanRange prefix_range(std::string_view prefix) { return {std::string(prefix), order::prefix_end(prefix)}; }

Status revoked_status(const StoreLimits& limits) {
  return {Code::kResourceExhausted, "pin: given up, because the changes since its revision hold more than " +
                                        std::to_string(limits.max_pinned_bytes) +
                                        " bytes (max-pinned-bytes); start again"};
}

order::Root PinSection::root() const noexcept { return pin_.held_->root; }

const Record* PinSection::find(std::string_view key) const noexcept {
  const order::Root root = this->root();
  if (root.node == nullptr || pin_.numbers().keys == 0) return nullptr;
  const order::Path path = order::descend(root, key);
  if (!path.found) return nullptr;
  const Record* record = path.leaf()->records[path.steps[0].at];
  return pin_.is_live(*record) ? record : nullptr;
}

OrderedScan::OrderedScan(PinnedState& pin, ScanRange range, Options options)
    : pin_(pin), range_(std::move(range)), options_(options), done_(options.limit == 0) {}

void OrderedScan::begin(const PinSection& section) noexcept {
  if (cursor_) return;
  const auto direction = options_.direction == kForward ? order::Cursor::kForward : order::Cursor::kReverse;
  cursor_.emplace(section.root(), order::KeyRange{range_.start, range_.end}, direction);
}

// The next live record, `looks` permitting.
const Record* OrderedScan::look(std::uint64_t& looks) noexcept {
  if (waiting_ != nullptr) return std::exchange(waiting_, nullptr);
  while (looks > 0) {
    --looks;
    const Record* record = cursor_->next();
    if (record == nullptr) {
      done_ = true;
      return nullptr;
    }
    if (pin_.is_live(*record)) return record;
  }
  return nullptr;
}

OrderedScan::Page::Page(OrderedScan& scan, PageLimits limits) noexcept
    : section_(scan.pin_), scan_(scan), left_(limits) {
  if (section_) scan.begin(section_);
}

// Looks one record further than the page goes, so that done() and more() are known with its last one.
const Record* OrderedScan::Page::next() noexcept {
  if (!section_ || scan_.done_) return nullptr;
  const Record* record = scan_.look(looks_);
  if (record == nullptr) return nullptr;
  if (scan_.returned_ == scan_.options_.limit) {
    scan_.done_ = scan_.more_ = true;
    return nullptr;
  }
  const std::uint64_t bytes =
      record->key().size() + (scan_.options_.keys_only ? 0 : record->value().size()) + kItemBytes;
  if (left_.keys == 0 || (bytes > left_.bytes && !empty_)) {
    scan_.waiting_ = record;
    return nullptr;
  }
  empty_ = false;
  left_.keys -= 1;
  left_.bytes -= std::min(left_.bytes, bytes);
  ++scan_.returned_;
  return record;
}

OrderedScan::Counted OrderedScan::count_on() noexcept {
  const PinSection section(pin_);
  if (!section) return Counted::kRevoked;
  begin(section);
  std::uint64_t looks = kLooks;
  done_ = false;  // of no limit
  if (pin_.numbers().expiring == 0) {
    // A leaf costs about what a few records do.
    while (looks > 0) {
      const std::uint64_t passed = cursor_->pass_leaf();
      if (passed == 0) {
        done_ = true;
        break;
      }
      counted_ += passed;
      looks -= std::min<std::uint64_t>(looks, kLooksOfLeaf);
    }
  } else {
    while (look(looks) != nullptr) ++counted_;
  }
  return done_ ? Counted::kAll : Counted::kPartly;
}

}  // namespace flashkv
