// A radix tree's structure, for tests, and every shape of tree.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "tests/storage/engine/parts/word_engines.h"

namespace flashkv::test {

// One of the shapes a tree is made in; run() calls f with an engine of it.
struct Shape {
  radix::Tails tails;
  unsigned bits;
  WordOrder order;

  template <typename F>
  void run(KeyHash hash, F f) const {
    const EngineOptions options = word_options(hash, bits, order);
    if (tails == radix::Tails::kFull) {
      RadixEngine<reclaim::Epoch> engine(options);
      f(engine);
    } else {
      CompressedRadixEngine<reclaim::Epoch> engine(options);
      f(engine);
    }
  }
  std::string name() const {
    std::string text(tails == radix::Tails::kFull ? "full" : "compressed");
    text += std::to_string(bits);
    return text + (order == WordOrder::kForward ? "forward" : "reversed");
  }
};
inline std::ostream& operator<<(std::ostream& out, const Shape& s) { return out << s.name(); }

inline std::vector<Shape> all_shapes() {
  std::vector<Shape> all;
  for (const auto tails : {radix::Tails::kFull, radix::Tails::kCompressed}) {
    for (const unsigned bits : {4U, 8U, 11U, 13U, 16U}) {
      for (const auto order : {WordOrder::kForward, WordOrder::kReversed})
        all.push_back({tails, bits, order});
    }
  }
  return all;
}

class ShapeTest : public ::testing::TestWithParam<Shape> {};
struct ShapeName {
  template <typename Info>
  std::string operator()(const Info& info) const {
    return info.param.name();
  }
};

// Purpose: the content of a tree, after a check that each node and each leaf is where it should be.
// Usage:   const TreeView view(engine.index(), hash, Tails::kFull);  EXPECT_EQ(view.nodes, 3U);
class TreeView {
 public:
  TreeView(const radix::Tree& tree, KeyHash hash, radix::Tails tails)
      : tree_(tree), hash_(hash), tails_(tails), slices_(tree.slices()) {
    look(tree.root(), 0, 0);
  }

  std::size_t nodes = 0;  // the root included
  std::size_t leaves = 0;
  std::size_t records = 0;
  unsigned deepest = 0;  // level of a leaf
  std::uint64_t bytes = 0;

 private:
  void look(const radix::Node& node, unsigned level, std::uint64_t head) {
    ASSERT_LE(level, slices_.last());
    ++nodes;
    bytes += radix::Node::bytes_for(slices_.bits_at(level));
    std::size_t used = 0;
    std::size_t children = 0;
    for (std::size_t i = 0; i < std::size_t{1} << slices_.bits_at(level); ++i) {
      const std::uintptr_t seen = node.slot(i).load(sync::kAcquire);
      if (seen == 0) continue;
      ++used;
      const std::uint64_t path = (head << slices_.bits_at(level)) | i;
      if (radix::Node::is_node(seen)) {
        ++children;
        look(*radix::Node::from(seen), level + 1, path);
      } else {
        look(Leaf(seen), level, path);
      }
    }
    ASSERT_EQ(node.used(), used);
    if (level == 0) return;
    ASSERT_GT(used, 0U) << "an empty node was left at level " << level;
    if (tails_ == radix::Tails::kCompressed) {
      ASSERT_TRUE(used > 1 || children == 1) << "a lone leaf was left at level " << level;
    }
  }
  void look(Leaf leaf, unsigned level, std::uint64_t path) {
    ++leaves;
    deepest = std::max(deepest, level);
    if (tails_ == radix::Tails::kFull) {
      ASSERT_EQ(level, slices_.last());
    }
    unsigned rest = 0;
    for (unsigned below = level + 1; below < slices_.levels; ++below) rest += slices_.bits_at(below);
    const std::uint64_t word = tree_.word(hash_(leaf.any()->key()));
    ASSERT_EQ(word >> rest, path) << "a leaf stands where its word does not lead";
    leaf.for_each([&](const Record* r) {
      ++records;
      ASSERT_EQ(tree_.word(hash_(r->key())), word) << "two words in one leaf";
    });
  }

  const radix::Tree& tree_;
  const KeyHash hash_;
  const radix::Tails tails_;
  const radix::Slices slices_;
};

}  // namespace flashkv::test
