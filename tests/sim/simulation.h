// One run of the store against the model: seeded, single-threaded, on a simulated clock.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "tests/sim/logged_engine.h"
#include "tests/sim/model.h"
#include "tests/sim/sim_call.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/watching.h"
#include "tests/support/calls.h"
#include "tests/support/engine_cases.h"

namespace flashkv::sim {

// A broken promise, in one line.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Purpose: interleaves submits, turns, readers that stay across turns, full queues, deadlines, stalls, policy
//          changes, revision waits and the stop, in an order the seed determines, and makes these checks
//          after every turn. The seed also determines whether keys are few or many, whether the clock moves
//          and requests arrive within a turn, and whether memory runs out in some turns.
//            - every view of a reader equals the model's state at that view's revision;
//            - an answered PUBLISHED request is readable, an unanswered one is not due;
//            - every accepted request is answered once, with what the model computed;
//            - revisions grow by one; a failed request changes nothing, nor does one without memory;
//            - expired keys go in pieces, ahead of requests, each with a revision, and none is left at rest;
//            - no request is judged by an instant before it was submitted;
//            - a pin keeps its state whatever the writer does, until it is revoked, and pages and counts of
//              it agree with the model's history; only as many pins are out as may be;
//            - watchers get every published change once, in order, or hear that some are gone;
//            - publishes follow the policy; the queue refuses exactly when it is full.
// Usage:   Simulation s(engine, seed);  try { s.run(); } catch (const Violation& v) { report(v, s.trace()); }
class Simulation {
 public:
  Simulation(const test::EngineCase& engine, std::uint64_t seed);
  ~Simulation();
  void run();
  // The last events, oldest first.
  const std::deque<std::string>& trace() const { return trace_; }
  std::uint64_t answered() const { return answered_; }
  // What this run has covered, for a test that adds up many runs.
  std::uint64_t expired() const { return expired_; }
  std::uint64_t most_keys() const { return most_keys_; }
  std::uint64_t out_of_memory() const { return out_of_memory_; }
  std::uint64_t txns_held() const { return txns_held_; }
  std::uint64_t txns_not_held() const { return txns_not_held_; }
  std::uint64_t submitted_in_turns() const { return submitted_in_turns_; }
  std::uint64_t scanned() const { return scanned_; }
  std::uint64_t counted() const { return counted_; }
  std::uint64_t revoked() const { return revoked_; }
  std::uint64_t pins_refused() const { return pins_refused_; }
  std::uint64_t watched() const { return watched_; }
  std::uint64_t compactions() const { return compactions_; }

 private:
  // Requests decided but not answered until the next publish; they count as queued until then.
  struct Parked {
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0;
  };
  Parked count_parked() const;

  // actions.cc: the actions.
  void act();
  void submit_mutation();
  void submit_control();
  void turn();
  void take_controls();
  void step();
  void meanwhile() noexcept;
  void advance();
  void hold();
  void let_go();
  void read();
  void read_all();
  void read_keys(const std::vector<std::string>& keys);
  void drain();
  void stop();
  bool submit(std::unique_ptr<SimCall> call, const std::string& what);

  // checks.cc: the checks after every step.
  void deal_with_batch(std::uint64_t handled, bool swept, std::uint64_t max_batch);
  void deal_with_expired(std::uint64_t removed, bool asked, std::uint64_t max_batch);
  void deal_with_stop();
  void check_turn(const WriterStatsView& after, std::uint64_t published_before);
  void check_policy(std::uint64_t published_before, bool forced);
  void check_answers();
  void check_answer(const SimCall& call);
  void check_outcome(const SimCall& call, std::size_t i);
  void check_held();
  void check_watchers();
  void check_unanswered();
  void forget_answered();

  // pins.cc: pins, and what is read of them.
  struct Pinned {
    PinPtr pin;
    std::unique_ptr<OrderedScan> scan;  // in progress
    bool counts = false;
    OrderedScan::PageLimits page{};
    std::vector<std::pair<std::string, Entry>> left;  // of the scan, in order; the last one first
    bool more = false;                                // expected once it is done
    std::uint64_t whole = 0;                          // keys of the scan
  };
  void check_pin(const SimCall& call);
  void check_pins(const WriterStatsView& writer);
  void read_pin();
  void begin_scan(Pinned& pinned);
  bool scan_on(Pinned& pinned);
  bool count_on(Pinned& pinned);
  bool find_in(Pinned& pinned);

  struct Sink final : CompletionSink {
    explicit Sink(Simulation& s) : simulation(s) {}
    void complete(Request* first) noexcept override;
    Simulation& simulation;
    int calls_this_turn = 0;
  };
  struct Held {
    std::unique_ptr<test::HeldGuard> guard;
    std::uint64_t revision;
    std::vector<std::pair<const Record*, std::string>> found;  // stays readable while the guard lives
  };

  void note(std::string event);
  void require(bool holds, const std::string& what) const {
    if (!holds) throw Violation(what);
  }
  Probe probe(const std::string& key) const { return {key, hash_(key)}; }

  Dice dice_;
  const test::EngineCase& engine_;
  const bool many_keys_;
  KeyHash hash_;
  StoreOptions options_;
  SimClock clock_;
  const bool ordered_;  // the store keeps its index
  Model model_;
  CallMaker maker_;
  const bool ticks_;                 // the clock moves within turns
  const bool starves_;               // memory runs out in some turns
  std::vector<std::string> erased_;  // in this turn, in order
  std::unique_ptr<test::GuardSource> guards_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ReadHandle> reader_;
  std::vector<Held> held_;
  std::unique_ptr<Watcher> eager_;  // reads whatever is published, after each turn
  std::unique_ptr<Watcher> lazy_;   // now and then, a few events
  std::deque<Sink> sinks_;
  std::vector<Pinned> pins_;

  std::map<std::uint64_t, std::unique_ptr<SimCall>> in_flight_;
  std::deque<SimCall*> queued_;      // mutations in the queue, oldest first
  std::vector<SimCall*> completed_;  // in this step
  std::uint64_t queued_bytes_ = 0;
  std::uint64_t next_id_ = 1;
  std::uint64_t answered_ = 0;
  std::uint64_t last_ops_ = 0;  // of clients, in the last batch that had any

  PublishPolicy policy_;
  Nanos policy_set_at_ = 0;
  Nanos last_publish_ = 0;
  Nanos changed_at_ = 0;  // the oldest unpublished change
  Nanos wants_turn_at_ = 0;
  bool force_publish_ = false;  // a kPublish is pending
  TurnTimes times_;             // of the last turn
  bool stopping_ = false;
  bool starved_ = false;          // the last turn was short of memory
  std::exception_ptr violation_;  // thrown during the last turn
  std::uint64_t expired_ = 0;     // keys that were removed without a request
  std::uint64_t most_keys_ = 0;
  std::uint64_t out_of_memory_ = 0;
  std::uint64_t txns_held_ = 0, txns_not_held_ = 0;
  std::uint64_t submitted_in_turns_ = 0;
  std::uint64_t scanned_ = 0, counted_ = 0, revoked_ = 0, pins_refused_ = 0;
  std::uint64_t watched_ = 0;  // events
  std::uint64_t compactions_ = 0;
  std::deque<std::string> trace_;
};

}  // namespace flashkv::sim
