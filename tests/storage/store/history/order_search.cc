#include "tests/storage/store/history/order_search.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace flashkv::test {
namespace {

struct Operation {
  const Recorded* recorded;
  const KeyStep* step;
};

// What has been taken: all operations before `first`, in the order of their calls, and some after it.
struct Configuration {
  std::size_t first = 0;
  std::vector<std::size_t> beyond;  // ascending
  Content content;
  auto operator<=>(const Configuration&) const = default;

  bool took(std::size_t i) const { return i < first || std::binary_search(beyond.begin(), beyond.end(), i); }
  void take(std::size_t i) {
    beyond.insert(std::lower_bound(beyond.begin(), beyond.end(), i), i);
    while (!beyond.empty() && beyond.front() == first) {
      beyond.erase(beyond.begin());
      ++first;
    }
  }
};

class OrderSearch {
 public:
  explicit OrderSearch(std::vector<Operation> operations) : operations_(std::move(operations)) {
    std::sort(operations_.begin(), operations_.end(),
              [](const auto& a, const auto& b) { return a.recorded->called < b.recorded->called; });
  }

  std::string run() {
    // Depth first; a stack of its own, as an order is as long as the history.
    std::vector<Configuration> open{Configuration{}};
    std::set<Configuration> seen;
    while (!open.empty()) {
      const Configuration now = std::move(open.back());
      open.pop_back();
      if (now.first > furthest_.first) furthest_ = now;
      if (now.first == operations_.size()) return "";
      if (seen.size() > kMostConfigurations) return "gave up; " + where();
      // The earliest call goes on top: mostly the one that leads on.
      const std::vector<std::size_t> able = candidates(now);
      for (auto i = able.rbegin(); i != able.rend(); ++i) {
        Configuration next = now;
        next.take(*i);
        if (const KeyStep& step = *operations_[*i].step; step.wrote) next.content = *step.wrote;
        if (seen.insert(next).second) open.push_back(std::move(next));
      }
    }
    return where();
  }

 private:
  // Those that no other must precede and that saw what the key holds now.
  std::vector<std::size_t> candidates(const Configuration& now) const {
    std::vector<std::size_t> able;
    Instant first_end = std::numeric_limits<Instant>::max();
    for (std::size_t i = now.first; i < operations_.size(); ++i) {
      const Operation& operation = operations_[i];
      if (operation.recorded->called > first_end) break;
      if (now.took(i)) continue;
      first_end = std::min(first_end, operation.recorded->visible + kClockSlack);
      if (fits(*operation.step, now.content)) able.push_back(i);
    }
    std::erase_if(able, [&](std::size_t i) { return operations_[i].recorded->called > first_end; });
    return able;
  }
  static bool fits(const KeyStep& step, const Content& content) {
    return (!step.saw || *step.saw == content) && (!step.saw_not || *step.saw_not != content);
  }
  std::string where() const {
    std::string text = "no order explains all answers; the key held " + furthest_.content.value_or("nothing");
    const std::size_t end = std::min(operations_.size(), furthest_.first + 6);
    for (std::size_t i = furthest_.first; i < end; ++i) {
      const Recorded& r = *operations_[i].recorded;
      text += "\n  client " + std::to_string(r.client) + ": " + r.what + ", " + std::to_string(r.called) +
              " to " + std::to_string(r.returned) + " ns";
    }
    return text;
  }

  std::vector<Operation> operations_;  // by call
  Configuration furthest_;
};

}  // namespace

std::string order_violation(const History& history, int keys) {
  for (int key = 0; key < keys; ++key) {
    std::vector<Operation> operations;
    for (const Recorded& recorded : history) {
      for (const KeyStep& step : recorded.steps) {
        if (step.key == key) operations.push_back({&recorded, &step});
      }
    }
    if (std::string why = OrderSearch(std::move(operations)).run(); !why.empty()) {
      return "key " + std::to_string(key) + ": " + why;
    }
  }
  return "";
}

}  // namespace flashkv::test
