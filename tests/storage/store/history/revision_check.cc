#include "tests/storage/store/history/revision_check.h"

#include <algorithm>
#include <cstddef>
#include <map>

namespace flashkv::test {
namespace {

struct Held {
  Content value;
  std::uint64_t mod_revision = 0;
  std::uint64_t version = 0;
};

std::string quoted(const Content& content) { return content ? "\"" + *content + "\"" : "nothing"; }

std::string name(const Recorded& r) {
  return "client " + std::to_string(r.client) + ", " + r.what + ", revision " + std::to_string(r.revision) +
         ", " + std::to_string(r.called) + " to " + std::to_string(r.returned) + " ns";
}

class RevisionCheck {
 public:
  RevisionCheck(const History& history, int keys)
      : history_(history), lives_(static_cast<std::size_t>(keys)) {}

  std::string run() {
    if (!order_writes() || !replay() || !check_reads() || !check_real_time()) return violation_;
    return "";
  }

 private:
  bool fail(std::string why) {
    violation_ = std::move(why);
    return false;
  }

  bool order_writes() {
    for (const Recorded& r : history_) {
      if (!r.took_revision) continue;
      if (!writes_.emplace(r.revision, &r).second) return fail("a revision taken twice: " + name(r));
    }
    if (!writes_.empty() && writes_.rbegin()->first != writes_.size()) {
      return fail(std::to_string(writes_.size()) + " writes, but the last has revision " +
                  std::to_string(writes_.rbegin()->first));
    }
    return true;
  }

  // What the key held from `revision` on.
  Held at(int key, std::uint64_t revision) const {
    const auto& life = lives_[static_cast<std::size_t>(key)];
    const auto after = life.upper_bound(revision);
    return after == life.begin() ? Held{} : std::prev(after)->second;
  }
  // "" if the step can have been made in the state of that revision.
  std::string misfit(const KeyStep& step, std::uint64_t revision) const {
    const Held held = at(step.key, revision);
    const std::string which = "key " + std::to_string(step.key) + " held " + quoted(held.value) +
                              " at revision " + std::to_string(revision);
    if (step.saw && *step.saw != held.value) return which + ", seen was " + quoted(*step.saw);
    if (step.saw_not && *step.saw_not == held.value) return which + ", which it did not find";
    if (!step.saw || !*step.saw || step.mod_revision == 0) return "";
    if (step.mod_revision != held.mod_revision || step.version != held.version) {
      return which + " since revision " + std::to_string(held.mod_revision) + " as version " +
             std::to_string(held.version) + ", seen were " + std::to_string(step.mod_revision) + " and " +
             std::to_string(step.version);
    }
    return "";
  }

  // Builds the states one write after another.
  bool replay() {
    for (const auto& [revision, write] : writes_) {
      for (const KeyStep& step : write->steps) {
        if (const std::string why = misfit(step, revision - 1); !why.empty())
          return fail(name(*write) + ": " + why);
      }
      for (const KeyStep& step : write->steps) {
        if (!step.wrote) continue;
        const Held before = at(step.key, revision - 1);
        Held after{*step.wrote, revision, before.value ? before.version + 1 : 1};
        lives_[static_cast<std::size_t>(step.key)].emplace(revision, after);
      }
    }
    return true;
  }

  bool check_reads() {
    for (const Recorded& r : history_) {
      if (r.took_revision) continue;
      if (r.revision < r.at_least)
        return fail(name(r) + ": asked for revision " + std::to_string(r.at_least));
      if (r.revision > writes_.size()) return fail(name(r) + ": there is no such revision");
      std::string why = seen_at(r, r.revision);
      const std::uint64_t last = r.reports == Recorded::Reports::kState ? r.revision : writes_.size();
      for (std::uint64_t later = r.revision + 1; !why.empty() && later <= last; ++later) {
        if (writes_.at(later)->called > r.returned) break;  // nothing of the future
        if (seen_at(r, later).empty()) why.clear();
      }
      if (!why.empty()) return fail(name(r) + ": " + why);
    }
    return true;
  }
  std::string seen_at(const Recorded& r, std::uint64_t revision) const {
    for (const KeyStep& step : r.steps) {
      if (std::string why = misfit(step, revision); !why.empty()) return why;
    }
    return "";
  }

  // Goes through calls and returns in the order of time. No operation may have a revision below the largest
  // that had returned when it was called.
  bool check_real_time() {
    std::vector<const Recorded*> calls, returns;
    for (const Recorded& r : history_) {
      calls.push_back(&r);
      returns.push_back(&r);
    }
    std::sort(calls.begin(), calls.end(), [](auto* a, auto* b) { return a->called < b->called; });
    std::sort(returns.begin(), returns.end(), [](auto* a, auto* b) { return a->returned < b->returned; });
    const Recorded* written = nullptr;    // the largest of all that had returned
    const Recorded* published = nullptr;  // of those that later reads see
    std::size_t next = 0;
    for (const Recorded* call : calls) {
      for (; next < returns.size() && returns[next]->returned + kClockSlack < call->called; ++next) {
        const Recorded* done = returns[next];
        if (written == nullptr || done->revision > written->revision) written = done;
        if (done->published && (published == nullptr || done->revision > published->revision))
          published = done;
      }
      const Recorded* before = call->took_revision ? written : published;
      if (before == nullptr) continue;
      if (call->revision < before->revision + (call->took_revision ? 1 : 0)) {
        return fail("the past: " + name(*call) + "; but before that: " + name(*before));
      }
    }
    return true;
  }

  const History& history_;
  std::map<std::uint64_t, const Recorded*> writes_;
  std::vector<std::map<std::uint64_t, Held>> lives_;  // of each key, from each revision on
  std::string violation_;
};

}  // namespace

std::string revision_violation(const History& history, int keys) {
  return RevisionCheck(history, keys).run();
}

}  // namespace flashkv::test
