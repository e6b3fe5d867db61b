// All executions of a few atomic operations that the C++ memory model allows, found by enumeration.
//
// relacy runs operations one after another, so a read-modify-write always acts on the latest store, and
// changes of different words always have one order in time. The language promises less: that question is
// decided here.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

namespace flashkv::model {

// One atomic operation on the word `word`: a load, a store of `value`, or a read-modify-write that stores
// `value`.
struct Operation {
  enum Kind { kLoad, kStore, kExchange } kind;
  unsigned word;
  int value;
  std::memory_order order;
  bool reads() const { return kind != kStore; }
  bool writes() const { return kind != kLoad; }
};
inline Operation load(unsigned word, std::memory_order order) { return {Operation::kLoad, word, 0, order}; }
inline Operation store(unsigned word, int value, std::memory_order order) {
  return {Operation::kStore, word, value, order};
}
inline Operation exchange(unsigned word, int value, std::memory_order order) {
  return {Operation::kExchange, word, value, order};
}

// Purpose: whether a program may end in some way. Threads are lists of operations; words start with
//          `initial`.
// Usage:   // may the second operations of both threads read 0?
//          Litmus({{store(0, 1, kRelease), load(1, kAcquire)}, {...}}, {0, 0}).may_end([](auto& read) {
//            return read[0][1] == 0 && read[1][1] == 0;
//          })
// Cost:    exponential; for up to eight operations.
// Source:  O. Lahav and others, "Repairing sequential consistency in C/C++11" (2017): RC11, which C++20
//          follows.
class Litmus {
 public:
  using Thread = std::vector<Operation>;
  using Reads = std::vector<std::vector<int>>;  // by thread and operation; 0 where nothing is read

  Litmus(const std::vector<Thread>& threads, const std::vector<int>& initial) : initial_(initial.size()) {
    for (unsigned word = 0; word < initial.size(); ++word) {
      events_.push_back({store(word, initial[word], std::memory_order_relaxed), -1, 0});
    }
    for (std::size_t t = 0; t < threads.size(); ++t) {
      for (std::size_t i = 0; i < threads[t].size(); ++i) {
        events_.push_back({threads[t][i], static_cast<int>(t), i});
      }
    }
    from_.assign(events_.size(), 0);
    reads_.resize(threads.size());
    for (std::size_t t = 0; t < threads.size(); ++t) reads_[t].assign(threads[t].size(), 0);
  }

  bool may_end(const std::function<bool(const Reads&)>& wanted) {
    wanted_ = &wanted;
    order_words(0);
    return found_;
  }

 private:
  static constexpr std::size_t kMost = 12;
  struct Event : Operation {
    Event(Operation operation, int t, std::size_t i) : Operation(operation), thread(t), index(i) {}
    int thread;  // -1: the initial value
    std::size_t index;
  };
  struct Relation : std::array<std::array<bool, kMost>, kMost> {
    Relation() : std::array<std::array<bool, kMost>, kMost>{} {}
    void close() {
      for (std::size_t k = 0; k < kMost; ++k)
        for (std::size_t a = 0; a < kMost; ++a)
          for (std::size_t b = 0; b < kMost; ++b) (*this)[a][b] |= (*this)[a][k] && (*this)[k][b];
    }
    bool cyclic() {
      close();
      for (std::size_t a = 0; a < kMost; ++a)
        if ((*this)[a][a]) return true;
      return false;
    }
  };

  // Every order of the stores to each word, the initial one first.
  void order_words(unsigned word) {
    if (word == initial_) return choose_sources(0);
    std::vector<std::size_t> stores;
    for (std::size_t e = initial_; e < events_.size(); ++e)
      if (events_[e].word == word && events_[e].writes()) stores.push_back(e);
    do {
      changes_.resize(word);
      changes_.push_back({word});
      changes_[word].insert(changes_[word].end(), stores.begin(), stores.end());
      order_words(word + 1);
    } while (!found_ && std::ranges::next_permutation(stores).found);
  }
  // Every store that each load may have read.
  void choose_sources(std::size_t e) {
    if (found_) return;
    if (e == events_.size()) {
      if (consistent() && (*wanted_)(reads_)) found_ = true;
      return;
    }
    Event& event = events_[e];
    if (!event.reads()) return choose_sources(e + 1);
    const std::vector<std::size_t>& stores = changes_[event.word];
    for (std::size_t i = 0; i < stores.size(); ++i) {
      // A read-modify-write reads the store just before its own.
      if (event.writes() && (i + 1 == stores.size() || stores[i + 1] != e)) continue;
      from_[e] = stores[i];
      reads_[static_cast<std::size_t>(event.thread)][event.index] = events_[stores[i]].value;
      choose_sources(e + 1);
    }
  }

  static bool releases(std::memory_order o) {
    return o == std::memory_order_release || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
  }
  static bool acquires(std::memory_order o) {
    return o == std::memory_order_acquire || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
  }
  bool before_in_thread(std::size_t a, std::size_t b) const {
    return events_[a].thread == events_[b].thread && events_[a].thread >= 0 &&
           events_[a].index < events_[b].index;
  }

  // happens-before: program order, and a release store before the acquire load that reads it, or reads a
  // read-modify-write in the chain that it heads.
  Relation happens_before() const {
    Relation hb;
    for (std::size_t a = 0; a < events_.size(); ++a)
      for (std::size_t b = 0; b < events_.size(); ++b)
        hb[a][b] = before_in_thread(a, b) || (events_[a].thread < 0 && events_[b].thread >= 0);
    for (std::size_t e = initial_; e < events_.size(); ++e) {
      if (!events_[e].reads() || !acquires(events_[e].order)) continue;
      for (std::size_t source = from_[e];; source = from_[source]) {
        if (releases(events_[source].order)) hb[source][e] = true;
        if (events_[source].kind != Operation::kExchange) break;
      }
    }
    hb.close();
    return hb;
  }
  // Of one word: a store before its loads and the next store, a load before the stores that follow what it
  // read.
  Relation coherence() const {
    Relation order;
    for (const std::vector<std::size_t>& stores : changes_) {
      for (std::size_t i = 0; i < stores.size(); ++i) {
        for (std::size_t later = i + 1; later < stores.size(); ++later)
          order[stores[i]][stores[later]] = true;
        for (std::size_t e = initial_; e < events_.size(); ++e) {
          if (!events_[e].reads() || events_[e].word != events_[stores[i]].word || from_[e] != stores[i])
            continue;
          order[stores[i]][e] = true;
          for (std::size_t later = i + 1; later < stores.size(); ++later)
            if (stores[later] != e) order[e][stores[later]] = true;
        }
      }
    }
    return order;
  }
  bool consistent() const {
    const Relation hb = happens_before();
    const Relation direct = coherence();
    Relation eco = direct;
    eco.close();
    const std::size_t n = events_.size();
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b)
        if (hb[a][b] && (a == b || eco[b][a])) return false;
    // The sequentially consistent operations have one order that agrees with all of this.
    Relation sc;
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b)
        if (a != b && is_sc(a) && is_sc(b))
          sc[a][b] = direct[a][b] || before_in_thread(a, b) || sc_hb(hb, a, b);
    return !sc.cyclic();
  }
  bool is_sc(std::size_t e) const { return events_[e].order == std::memory_order_seq_cst; }
  // hb on one word, or between words by way of other operations of both threads.
  bool sc_hb(const Relation& hb, std::size_t a, std::size_t b) const {
    if (hb[a][b] && events_[a].word == events_[b].word) return true;
    for (std::size_t c = 0; c < events_.size(); ++c) {
      if (!before_in_thread(a, c) || events_[a].word == events_[c].word) continue;
      for (std::size_t d = 0; d < events_.size(); ++d)
        if (hb[c][d] && before_in_thread(d, b) && events_[d].word != events_[b].word) return true;
    }
    return false;
  }

  const std::size_t initial_;  // events that are initial values: as many as there are words
  std::vector<Event> events_;
  std::vector<std::vector<std::size_t>> changes_;  // by word: its stores in the order they take effect
  std::vector<std::size_t> from_;                  // by load: the store it reads
  Reads reads_;
  const std::function<bool(const Reads&)>* wanted_ = nullptr;
  bool found_ = false;
};

}  // namespace flashkv::model
