// Requests that own what they point at, a sink that counts, and a clock that stands still.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "storage/request/request.h"
#include "storage/sync/clock.h"

namespace flashkv::test {

inline constexpr Nanos kMs = kNanosPerMilli;

// numbered("k", 7) is "k7".
inline std::string numbered(std::string_view head, std::size_t n) {
  std::string s(head);
  s += std::to_string(n);
  return s;
}

class ManualClock final : public Clock {
 public:
  Nanos now() const noexcept override { return now_.load(std::memory_order_relaxed); }
  void advance(Nanos by) noexcept { now_.fetch_add(by, std::memory_order_relaxed); }

 private:
  std::atomic<Nanos> now_{1'700'000'000'000 * kMs};
};

// Purpose: one request that owns its keys, values and operations.
// Usage:   Call call;  call.put("a", "1");  call.op().condition = Condition::kIfAbsent;
class Call : public Request {
 public:
  Call() = default;
  explicit Call(RequestKind k) { kind = k; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Call& add(OpKind op_kind, std::string_view key) {
    std::vector<Op>& to = in_otherwise_ ? otherwise_ : list_;
    to.emplace_back();
    Op& o = to.back();
    o.kind = op_kind;
    o.key = text_.emplace_back(key);
    ops = list_;
    otherwise = otherwise_;
    return *this;
  }
  // A condition; what is added from here on is applied if it holds, with those before it.
  Call& when(std::string_view key, Target target, Comparison comparison, std::uint64_t number,
             std::string_view value = {}) {
    comparisons_.push_back({.target = target,
                            .comparison = comparison,
                            .key = text_.emplace_back(key),
                            .number = number,
                            .value = text_.emplace_back(value)});
    compare = comparisons_;
    return *this;
  }
  // What is added from here on is applied if a condition does not hold.
  Call& or_else() {
    in_otherwise_ = true;
    return *this;
  }
  Call& put(std::string_view key, std::string_view value, Record::Expiry expiry = Record::Expiry::kNone) {
    add(OpKind::kPut, key);
    op().record = Record::make(key, value, expiry);
    return *this;
  }
  Call& put_ttl(std::string_view key, std::string_view value, std::int64_t ttl_ms) {
    put(key, value, Record::Expiry::kRoom);
    op().ttl_ms = ttl_ms;
    return *this;
  }
  Call& get(std::string_view key) { return add(OpKind::kGet, key); }
  Call& erase(std::string_view key) { return add(OpKind::kErase, key); }
  // From `start` up to but not including `end`, where that is not empty.
  Call& erase_range(std::string_view start, std::string_view end, std::uint64_t limit = 0) {
    add(OpKind::kEraseRange, start);
    op().value = text_.emplace_back(end);
    op().limit = limit;
    return *this;
  }
  Call& expire(std::string_view key, std::int64_t ttl_ms) {
    add(OpKind::kExpire, key);
    op().ttl_ms = ttl_ms;
    return *this;
  }
  Call& increment(std::string_view key, std::int64_t delta, std::int64_t initial = 0) {
    add(OpKind::kIncrement, key);
    op().delta = delta;
    op().initial = initial;
    return *this;
  }
  Call& append(std::string_view key, std::string_view value) {
    add(OpKind::kAppend, key);
    op().value = text_.emplace_back(value);
    return *this;
  }
  // The operation added last; the outcome of the i-th.
  Op& op() { return in_otherwise_ ? otherwise_.back() : list_.back(); }
  OpOutcome& outcome(std::size_t i = 0) { return chosen()[i].outcome; }
  bool done() const { return completions == 1; }

  int completions = 0;

 private:
  std::deque<std::string> text_;
  std::vector<Op> list_, otherwise_;
  std::vector<Compare> comparisons_;
  bool in_otherwise_ = false;
};

// Purpose: records the completed requests, their order, and the number of complete() calls.
// Threads: any; wait_for() blocks until that many requests have completed.
class CountingSink final : public CompletionSink {
 public:
  void complete(Request* first) noexcept override {
    const std::scoped_lock lock(mutex_);
    ++calls_;
    for (Request* r = first; r != nullptr;) {
      Request* following = r->next;
      ++static_cast<Call*>(r)->completions;
      order_.push_back(static_cast<Call*>(r));
      r = following;
    }
    grown_.notify_all();
  }
  // The sink may be destroyed afterwards: every complete() call has left it.
  void wait_for(std::size_t n) {
    std::unique_lock lock(mutex_);
    grown_.wait(lock, [&] { return order_.size() >= n; });
  }
  std::size_t count() const {
    const std::scoped_lock lock(mutex_);
    return order_.size();
  }
  std::size_t calls() const { return calls_; }
  const std::vector<Call*>& order() const { return order_; }

 private:
  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<Call*> order_;
  std::size_t calls_ = 0;
};

}  // namespace flashkv::test
