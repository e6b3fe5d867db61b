#include "storage/apply/pin_list.h"

#include <cstdio>
#include <new>
#include <utility>

#include "storage/request/failure.h"

namespace flashkv {

PinList::~PinList() {
  while (oldest_ != nullptr) free(*oldest_);
}

PinPtr PinList::take(Nanos now, Doorbell& bell, Status& why) noexcept {
  if (!staged_.has_index()) {
    fail(why, Code::kFailedPrecondition, "Scan needs --ordered-index=on");
    return nullptr;
  }
  if (size_ >= limits_.max_pins) {
    char text[64];
    std::snprintf(text, sizeof text, "too many pins: max-pins %llu",
                  static_cast<unsigned long long>(limits_.max_pins));
    fail(why, Code::kResourceExhausted, text);
    return nullptr;
  }
  const order::Pin* held = staged_.pin();
  auto* pin = held == nullptr ? nullptr : new (std::nothrow) PinnedState(queue_, bell);
  if (pin == nullptr) {
    if (held != nullptr) staged_.unpin(held);
    fail(why, Code::kResourceExhausted, kOutOfMemory);
    return nullptr;
  }
  pin->numbers_ = {.revision = held->revision,
                   .keys = held->keys,
                   .expiring = staged_.published_expiring(),
                   .instant_ms = now / kNanosPerMilli};
  pin->held_ = held;
  pin->taken_at_ = now;
  pin->older_ = newest_;
  (newest_ != nullptr ? newest_->newer_ : oldest_) = pin;
  newest_ = pin;
  ++size_;
  ++taken_;
  return PinPtr(pin);
}

void PinList::take_back(Request& request) noexcept { free(static_cast<PinnedState&>(request)); }

void PinList::free(PinnedState& pin) noexcept {
  if (pin.held_ != nullptr) staged_.unpin(pin.held_);
  if (condemned_ == &pin) condemned_ = nullptr;
  (pin.older_ != nullptr ? pin.older_->newer_ : oldest_) = pin.newer_;
  (pin.newer_ != nullptr ? pin.newer_->older_ : newest_) = pin.older_;
  --size_;
  delete &pin;
}

bool PinList::revoke_oldest() noexcept {
  while (true) {
    if (condemned_ == nullptr) {
      if (staged_.held_bytes() <= limits_.max_pinned_bytes) return false;
      condemned_ = oldest_held();
      if (condemned_ == nullptr) return false;
    }
    if (!condemned_->use_.revoke()) return true;
    staged_.unpin(std::exchange(std::exchange(condemned_, nullptr)->held_, nullptr));
    ++revoked_;
  }
}

PinnedState* PinList::oldest_held() const noexcept {
  PinnedState* pin = oldest_;
  while (pin != nullptr && pin->held_ == nullptr) pin = pin->newer_;
  return pin;
}

PinList::Oldest PinList::oldest() const noexcept {
  const PinnedState* pin = oldest_held();
  return pin == nullptr ? Oldest{} : Oldest{pin->numbers_.revision, pin->taken_at_};
}

}  // namespace flashkv
