// The critnib engine, with both ways of treating removed nodes.
#pragma once

#include <cstddef>
#include <string_view>

#include "storage/engine/critnib/tree.h"
#include "storage/engine/parts/word_engine.h"
#include "storage/table/with_overlay.h"

namespace flashkv::critnib {

// Removals of nodes until one serves again: more than twice the default batch, which removes at most one node
// an operation, so that a reader is sent back only when it slept through two batches of removals.
inline constexpr std::size_t kLife = 4096;

// Purpose: the WordIndex with a pool and a generation.
// Usage:   WithOverlay<CritnibEngine<reclaim::DefaultPeriods>> engine(options);
class Pooled : public Tree<RecycledNodes<kLife>> {
 public:
  static constexpr std::string_view kName = "critnib";
  using Tree::Tree;
};

// Purpose: the WordIndex that never frees a node: what the generation costs is measured against it.
class Leaking : public Tree<KeptNodes> {
 public:
  static constexpr std::string_view kName = "critnib-leak";
  using Tree::Tree;
};

}  // namespace flashkv::critnib

namespace flashkv {

template <reclaim::GracePeriods G>
using CritnibEngine = WordEngine<G, critnib::Pooled>;
template <reclaim::GracePeriods G>
using LeakingCritnibEngine = WordEngine<G, critnib::Leaking>;

}  // namespace flashkv
