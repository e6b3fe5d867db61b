// Whether the server takes traffic.
#pragma once

#include <atomic>
#include <string_view>

namespace flashkv {

// Purpose: the state that grpc.health.v1 reports on every front.
// Threads: any.
class HealthState {
 public:
  static constexpr std::string_view kServiceName = "flashkv.v1.KV";
  static constexpr std::string_view kJournalName = "flashkv.journal";
  // True for the names a client may ask about: "" (the whole server), the KV service, and the journal where
  // there is one. A server whose disk fails still serves reads, so who routes by health can choose.
  bool knows(std::string_view name) const {
    return name.empty() || name == kServiceName || (name == kJournalName && has_journal_.load());
  }
  bool serving(std::string_view name) const noexcept {
    return serving() && (name != kJournalName || journal_works_.load(std::memory_order_acquire));
  }
  void set_journal(bool works) noexcept {
    has_journal_.store(true);
    journal_works_.store(works, std::memory_order_release);
  }

  bool serving() const noexcept { return serving_.load(std::memory_order_acquire); }
  void set_serving(bool serving) noexcept { serving_.store(serving, std::memory_order_release); }

 private:
  std::atomic<bool> serving_{false};
  std::atomic<bool> has_journal_{false};
  std::atomic<bool> journal_works_{true};
};

}  // namespace flashkv
