#include "storage/order/cursor.h"

#include <utility>

namespace flashkv::order {
namespace {

// From one leaf to the next: to its first entry upwards, behind its last downwards. False: there is none.
bool to_next_leaf(Path& path, Cursor::Direction direction) noexcept {
  const bool up = direction == Cursor::kForward;
  unsigned level = 1;
  const auto is_last = [&](const Path::Step& step) {
    return up ? step.at + 1U == step.node->size : step.at == 0;
  };
  while (level < path.height && is_last(path.steps[level])) ++level;
  if (level >= path.height) return false;
  path.steps[level].at += up ? 1U : -1U;
  for (; level > 0; --level) {
    Node* child = path.inner(level)->children[path.steps[level].at];
    const unsigned last = level == 1 ? child->size : child->size - 1U;
    path.steps[level - 1] = {child, up ? 0 : last};
  }
  return true;
}

}  // namespace

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

Cursor::Cursor(Root root, KeyRange range, Direction direction) noexcept
    : root_(root), range_(range), direction_(direction) {
  if (root.node == nullptr) return;
  if (passes_end(range.start)) range_.end = range_.start;
  const Path first = before(range_.start);
  const Path last = range_.end.empty() ? after_all() : before(range_.end);
  begin_ = gap_at(first);
  end_ = gap_at(last);
  go_to(direction == kForward ? first : last);
}

void Cursor::seek(std::string_view key) noexcept {
  if (root_.node == nullptr) return;
  if (passes_end(key)) return go_to(before(range_.end));
  if (key < range_.start) return go_to(before(range_.start));
  Path path = before(key);
  if (direction_ == kReverse && path.found && ++path.steps[0].at == path.leaf()->size)
    to_next_leaf(path, kForward);
  go_to(path);
}

Path Cursor::before(std::string_view key) const noexcept {
  Path path = descend(root_, key);
  if (path.steps[0].at == path.leaf()->size) to_next_leaf(path, kForward);
  return path;
}

Path Cursor::after_all() const noexcept {
  Path path;
  path.height = root_.height;
  Node* node = root_.node;
  for (unsigned level = root_.height - 1; level > 0; --level) {
    path.steps[level] = {node, node->size - 1U};
    node = path.inner(level)->children[node->size - 1U];
  }
  path.steps[0] = {node, node->size};
  return path;
}

std::uint64_t Cursor::pass_leaf() noexcept {
  if (root_.node == nullptr || gap_at(path_) == (direction_ == kForward ? end_ : begin_)) return 0;
  unsigned& at = path_.steps[0].at;
  if (direction_ == kForward) {
    const bool last = path_.leaf() == end_.leaf;
    const std::uint64_t passed = (last ? end_.at : path_.leaf()->size) - at;
    at += static_cast<unsigned>(passed);
    if (!last || at == path_.leaf()->size) to_next_leaf(path_, kForward);
    return passed;
  }
  // The place between two leaves is in the upper one.
  if (at == 0) to_next_leaf(path_, kReverse);
  const unsigned until = path_.leaf() == begin_.leaf ? begin_.at : 0;
  return std::exchange(at, until) - until;
}

std::uint64_t Cursor::count_left() const noexcept {
  std::uint64_t count = 0;
  Path path = path_;
  if (direction_ == kForward) {
    while (path.leaf() != end_.leaf) {
      count += path.leaf()->size - path.steps[0].at;
      to_next_leaf(path, kForward);
    }
    return count + end_.at - path.steps[0].at;
  }
  while (path.leaf() != begin_.leaf) {
    count += path.steps[0].at;
    to_next_leaf(path, kReverse);
  }
  return count + path.steps[0].at - begin_.at;
}

void Cursor::go_to(const Path& path) noexcept {
  path_ = path;
  enter_leaf();
}

void Cursor::enter_leaf() noexcept {
  beside_ = nullptr;
  if (path_.height < 2) return;
  const Inner& parent = *path_.inner(1);
  const unsigned at = path_.steps[1].at;
  if (direction_ == kForward ? at + 1U == parent.size : at == 0) return;
  beside_ = static_cast<const Leaf*>(parent.children[direction_ == kForward ? at + 1 : at - 1]);
  prefetch(beside_);
}

const Record* Cursor::next_up() noexcept {
  if (gap_at(path_) == end_) return nullptr;
  const Leaf& leaf = *path_.leaf();
  unsigned& at = path_.steps[0].at;
  const unsigned ahead = at + kAhead;
  if (ahead < leaf.size) {
    __builtin_prefetch(leaf.records[ahead]);
  } else if (beside_ != nullptr && ahead - leaf.size < beside_->size) {
    __builtin_prefetch(beside_->records[ahead - leaf.size]);
  }
  const Record* record = leaf.records[at];
  if (++at == leaf.size && to_next_leaf(path_, kForward)) enter_leaf();
  return record;
}

const Record* Cursor::next_down() noexcept {
  if (gap_at(path_) == begin_) return nullptr;
  unsigned& at = path_.steps[0].at;
  if (at == 0) {
    to_next_leaf(path_, kReverse);
    enter_leaf();
  }
  const Leaf& leaf = *path_.leaf();
  --at;
  if (at >= kAhead) {
    __builtin_prefetch(leaf.records[at - kAhead]);
  } else if (beside_ != nullptr && kAhead - at <= beside_->size) {
    __builtin_prefetch(beside_->records[beside_->size - (kAhead - at)]);
  }
  return leaf.records[at];
}

}  // namespace flashkv::order
