#include "storage/reclaim/urcu.h"

#include <urcu/urcu-memb.h>

#include <atomic>

namespace flashkv::reclaim {

// One callback, never queued twice at a time; periods asked for meanwhile are joined into the next one.
struct Urcu::Period {
  rcu_head head{};
  Ticket running = 0;  // of the callback that was queued last
  Ticket wanted = 0;
  std::atomic<Ticket> over{0};

  static void end(rcu_head* head) {
    auto* period = reinterpret_cast<Period*>(head);
    period->over.store(period->running, std::memory_order_release);
  }
  // liburcu requires callers to be registered. A writer that never reads is registered for this call only: to
  // unregister at the thread's end, as readers do, would allocate memory here.
  void queue() noexcept {
    running = wanted;
    const bool passing = !registered;
    if (passing) urcu_memb_register_thread();
    urcu_memb_call_rcu(&head, &Period::end);
    if (passing) urcu_memb_unregister_thread();
  }
};

namespace {
struct Registration {
  Registration() { urcu_memb_register_thread(); }
  ~Registration() { urcu_memb_unregister_thread(); }
};
}  // namespace

[[gnu::noinline, gnu::cold]] void Urcu::register_thread() {
  thread_local Registration registration;
  registered = true;
}

Urcu::Urcu() : period_(std::make_unique<Period>()) {
  urcu_memb_init();
  // Starts the thread that runs callbacks now rather than within the first batch.
  urcu_memb_get_default_call_rcu_data();
}
Urcu::~Urcu() {
  while (period_->running != period_->over.load(std::memory_order_acquire)) urcu_memb_barrier();
}

Ticket Urcu::start() noexcept {
  Period& p = *period_;
  const bool idle = p.running == p.over.load(std::memory_order_acquire);
  // A period that is queued already may have begun: only the next one covers what was unlinked until now.
  p.wanted = p.running + 1;
  if (idle) p.queue();
  return p.wanted;
}

bool Urcu::ended(Ticket ticket) noexcept {
  Period& p = *period_;
  const Ticket over = p.over.load(std::memory_order_acquire);
  if (ticket <= over) return true;
  if (p.running == over && p.wanted > p.running) p.queue();
  return false;
}

}  // namespace flashkv::reclaim
