#include "storage/writer/expiry_source.h"

#include <algorithm>
#include <new>

#include "storage/request/request_list.h"

namespace flashkv {

Nanos ExpirySource::due() const noexcept {
  const std::int64_t ms = wheel_.due();
  return ms > kNever / kNanosPerMilli ? kNever : std::max(ms * kNanosPerMilli, retry_at_);
}

Request* ExpirySource::offer(std::uint64_t, Nanos now, std::uint64_t max_ops) noexcept {
  if (piece_ == nullptr) piece_.reset(new (std::nothrow) Piece);
  if (piece_ == nullptr) {
    put_off(now);
    return nullptr;
  }
  const std::size_t most = retry_gap_ != 0 ? 1 : std::min<std::uint64_t>(kMaxKeys, max_ops);
  offered_ = wheel_.collect_due(std::span(piece_->records).first(most));
  offered_at_ = now;
  RequestList list;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < offered_; ++i) {
    Record& record = *piece_->records[i];
    record.retain();  // the operation holds its key
    Op& op = piece_->ops[i];
    op = Op{};
    op.kind = OpKind::kRemoveExpired;
    op.key = record.key();
    op.hash = hash_(op.key);
    Request& request = piece_->requests[i];
    request = Request{};
    request.ops = {&op, 1};
    request.bytes = record.bytes();  // it stays allocated until the removal is published
    list.push(request);
    bytes += request.bytes;
    if (bytes >= kMaxBytes) offered_ = i + 1;
  }
  return list.release();
}

void ExpirySource::take_back(Request* first) noexcept {
  bool removed = false;
  for (const Request* r = first; r != nullptr; r = r->next) removed |= r->ops.front().outcome.succeeded;
  for (std::size_t i = 0; i < offered_; ++i) piece_->records[i]->release();
  offered_ = 0;
  if (!removed) return put_off(offered_at_);
  retry_gap_ = 0;
  retry_at_ = 0;
}

void ExpirySource::put_off(Nanos now) noexcept {
  retry_gap_ = std::clamp(2 * retry_gap_, kRetryGap, kMaxRetryGap);
  retry_at_ = now + retry_gap_;
}

}  // namespace flashkv
