// flashmap as an AnyEngine; instantiated once, in engine.cc.
#pragma once

#include "storage/engine/flashmap/flashmap.h"
#include "storage/table/any_engine_of.h"

namespace flashkv {

// One store to one word shows a new half to every reader.
template <>
inline constexpr bool kReadersMoveAtOnce<AsymmetricFlashmap> = true;

extern template class AnyEngineOf<AsymmetricFlashmap>;
extern template class AnyEngineOf<RefcountFlashmap>;

}  // namespace flashkv
