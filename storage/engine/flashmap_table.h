// flashmap behind the Table interface; instantiated once, in registry_flashmap.cc.
#pragma once

#include "storage/engine/basic_table.h"
#include "storage/engine/flashmap/flashmap.h"

namespace flashkv {

// One store to one word shows a new half to every reader.
template <>
inline constexpr bool kReadersMoveAtOnce<AsymmetricFlashmap> = true;

extern template class BasicTable<AsymmetricFlashmap>;
extern template class BasicTable<RefcountFlashmap>;

}  // namespace flashkv
