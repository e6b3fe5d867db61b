// The two radix engines: with full tails, and with compressed tails.
#pragma once

#include <string_view>

#include "storage/engine/parts/word_engine.h"
#include "storage/engine/radix/tree.h"
#include "storage/table/engine_options.h"
#include "storage/table/with_overlay.h"

namespace flashkv::radix {

// Purpose: Tree as the WordIndex of one engine each.
// Usage:   WithOverlay<RadixEngine<reclaim::DefaultPeriods>> engine(options);
// Cost:    nodes of 8 bytes * 2^slice_bits. Full tails need nearly one path of such nodes for each key, so
//          wide slices are for small sets.
class FullTails : public Tree {
 public:
  static constexpr std::string_view kName = "radix";
  static constexpr unsigned kDefaultBits = 4;
  explicit FullTails(const EngineOptions& options) : Tree(options, kDefaultBits, Tails::kFull) {}
};

class CompressedTails : public Tree {
 public:
  static constexpr std::string_view kName = "radix-compressed";
  static constexpr unsigned kDefaultBits = 8;
  explicit CompressedTails(const EngineOptions& options) : Tree(options, kDefaultBits, Tails::kCompressed) {}
};

}  // namespace flashkv::radix

namespace flashkv {

template <reclaim::GracePeriods G>
using RadixEngine = WordEngine<G, radix::FullTails>;
template <reclaim::GracePeriods G>
using CompressedRadixEngine = WordEngine<G, radix::CompressedTails>;

}  // namespace flashkv
