#include "storage/request/pinned_state.h"

namespace flashkv {

void ReturnPin::operator()(PinnedState* pin) const noexcept {
  Doorbell& bell = pin->bell_;
  // Never refused; from here on the writer may free it.
  static_cast<void>(pin->queue_.push(*pin));
  bell.ring();
}

}  // namespace flashkv
