// A critnib's structure, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "tests/storage/engine/parts/word_engines.h"

namespace flashkv::test {

// Purpose: the content of a tree, after checks that the words below each node differ in its nibble and each
//          leaf is where its word leads.
// Usage:   const CritnibView view(engine.index(), hash);  EXPECT_EQ(view.nodes.size(), 3U);
template <typename Nodes>
class CritnibView {
 public:
  CritnibView(const critnib::Tree<Nodes>& tree, KeyHash hash) : hash_(hash) {
    look(tree.root().load(sync::kAcquire), 64, 0);
    EXPECT_LE(nodes.size() + 1, std::max(leaves, std::size_t{1})) << "fewer nodes than words";
  }

  std::set<const critnib::Node*> nodes;
  std::size_t leaves = 0;
  std::size_t records = 0;

 private:
  // All words below agree with `head` in the bits from `known` on.
  void look(std::uintptr_t seen, unsigned known, std::uint64_t head) {
    if (seen == 0) return;
    if (!critnib::Node::is_node(seen)) return look(Leaf(seen), known, head);
    const critnib::Node& node = *critnib::Node::from(seen);
    ASSERT_TRUE(nodes.insert(&node).second) << "a node stands in two places";
    ASSERT_EQ(node.shift() % 4, 0U);
    ASSERT_LT(node.shift(), known) << "deeper nodes look at lower bits";
    ASSERT_TRUE(agree(node.path(), head, known));
    unsigned children = 0;
    for (std::uint64_t nibble = 0; nibble < critnib::Node::kChildren; ++nibble) {
      const std::uintptr_t child = node.children()[nibble].load(sync::kAcquire);
      if (child == 0) continue;
      ++children;
      const std::uint64_t above = node.shift() + 4 == 64 ? 0 : node.path() >> node.shift() >> 4;
      look(child, node.shift(), (above << 4 | nibble) << node.shift());
    }
    ASSERT_GE(children, 2U) << "a node that parts nothing was left";
  }
  void look(Leaf leaf, unsigned known, std::uint64_t head) {
    ++leaves;
    leaf.for_each([&](const Record* r) {
      ++records;
      ASSERT_TRUE(agree(hash_(r->key()), head, known)) << "a leaf stands where its word does not lead";
      ASSERT_EQ(hash_(r->key()), hash_(leaf.any()->key())) << "two words in one leaf";
    });
  }
  static bool agree(std::uint64_t a, std::uint64_t b, unsigned known) {
    return known == 64 || a >> known == b >> known;
  }

  const KeyHash hash_;
};
template <typename Nodes>
CritnibView(const critnib::Tree<Nodes>&, KeyHash) -> CritnibView<Nodes>;

}  // namespace flashkv::test
