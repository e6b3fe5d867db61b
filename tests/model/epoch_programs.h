// Small programs of one writer that frees and some readers that look, around a kind of grace periods.
#pragma once

#include "storage/reclaim/grace_period.h"
#include "tests/model/checked_sync.h"

namespace flashkv::reclaim::model {

// Not atomic: to free it under a reader, or without a happens-before between the two, is a race.
struct Node {
  static constexpr unsigned kFreed = ~0U;
  rl::var<unsigned> value;
};

// A list of one node, which the writer replaces: node i is the i-th.
template <typename Periods, unsigned kNodes>
struct Program {
  using Section = typename Periods::Section;

  Node nodes[kNodes];
  Periods periods;
  sync::Atomic<unsigned> first{0};

  Program() {
    for (unsigned i = 0; i < kNodes; ++i) nodes[i].value(RL_INFO) = i;
  }
  Ticket replace(unsigned with) {
    first.store(with, sync::kRelease);
    return periods.start();
  }
  void free(unsigned node) { nodes[node].value(RL_INFO) = Node::kFreed; }
  void await(Ticket ticket) {
    while (!periods.ended(ticket)) sync::pause();
  }
  // What is found stays until the section is left.
  void look() {
    const unsigned node = first.load(sync::kAcquire);
    RL_ASSERT(nodes[node].value(RL_INFO) == node);
    // Others may run here; between plain reads alone they could not.
    static_cast<void>(first.load(sync::kRelaxed));
    RL_ASSERT(nodes[node].value(RL_INFO) == node);
  }
  void read(Section& section) {
    section.lock();
    look();
    section.unlock();
  }
  void write(unsigned replacements) {
    for (unsigned i = 0; i < replacements; ++i) {
      await(replace(i + 1));
      free(i);
    }
  }
};

// A reader opens one section after the other while nodes are replaced and freed.
template <typename Periods>
struct OneReader : Program<Periods, 4>, rl::test_suite<OneReader<Periods>, 2> {
  void thread(unsigned index) {
    if (index == 0) return this->write(3);
    auto section = this->periods.make_section();
    for (int i = 0; i < 3; ++i) this->read(section);
  }
};

// Two readers: that one has left must not hide the other.
template <typename Periods>
struct TwoReaders : Program<Periods, 3>, rl::test_suite<TwoReaders<Periods>, 3> {
  void thread(unsigned index) {
    if (index == 0) return this->write(2);
    auto section = this->periods.make_section();
    for (int i = 0; i < 2; ++i) this->read(section);
  }
};

// A section inside a section: what either found stays until the outer one is left.
template <typename Periods>
struct NestedSections : Program<Periods, 3>, rl::test_suite<NestedSections<Periods>, 2> {
  void thread(unsigned index) {
    if (index == 0) return this->write(2);
    auto section = this->periods.make_section();
    section.lock();
    const unsigned node = this->first.load(sync::kAcquire);
    this->read(section);
    RL_ASSERT(this->nodes[node].value(RL_INFO) == node);
    section.unlock();
    this->read(section);
  }
};

// Readers come and go with a section of their own.
template <typename Periods>
struct SectionChurn : Program<Periods, 3>, rl::test_suite<SectionChurn<Periods>, 3> {
  void thread(unsigned index) {
    if (index == 0) return this->write(2);
    for (int i = 0; i < 2; ++i) {
      auto section = this->periods.make_section();
      this->read(section);
    }
  }
};

// Two periods under way: the second is over, so the first is too; a look that is answered false frees
// nothing.
template <typename Periods>
struct TwoPeriods : Program<Periods, 3>, rl::test_suite<TwoPeriods<Periods>, 2> {
  void thread(unsigned index) {
    if (index == 0) {
      const Ticket earlier = this->replace(1);
      const bool over = this->periods.ended(earlier);
      if (over) this->free(0);
      const Ticket later = this->replace(2);
      this->await(later);
      RL_ASSERT(this->periods.ended(earlier));
      if (!over) this->free(0);
      this->free(1);
      return;
    }
    auto section = this->periods.make_section();
    for (int i = 0; i < 2; ++i) this->read(section);
  }
};

}  // namespace flashkv::reclaim::model
