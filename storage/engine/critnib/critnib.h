// The two critnib engines: one reuses removed nodes, one keeps them.
#pragma once

#include <cstddef>
#include <string_view>

#include "storage/engine/critnib/tree.h"
#include "storage/engine/parts/word_engine.h"
#include "storage/table/with_overlay.h"

namespace flashkv::critnib {

// Number of node removals before a removed node is reused. A batch removes at most one node per operation;
// this is more than twice the default batch, so a reader has to retry only if it slept through two batches.
inline constexpr std::size_t kLife = 4096;

// Purpose: the WordIndex that reuses nodes, guarded by a generation.
// Usage:   WithOverlay<CritnibEngine<reclaim::DefaultPeriods>> engine(options);
class Pooled : public Tree<RecycledNodes<kLife>> {
 public:
  static constexpr std::string_view kName = "critnib";
  using Tree::Tree;
};

// Purpose: the WordIndex that never reuses a node: the baseline for the cost of the generation.
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
