// The writer's changes to one node, or to two neighbours.
#pragma once

#include <string_view>

#include "storage/order/node.h"

namespace flashkv::order {

// Purpose: entries come, go and move; heads and the skipped prefix follow (I3). Nothing here knows of
//          the tree.
// Threads: the writer's, on nodes made in the running batch (I1); a `from` that is only read may be older.
// Cost:    moves within one or two nodes. Records are read where the skipped prefix changes: one to shorten
//          it, all of a node to lengthen it.

// What a node needs so that heads are shared by its keys again when an entry with this key comes in.
template <typename N>
void fit(N& node, std::string_view key) noexcept;

// Skips more bytes where the heads tell too few keys apart.
template <typename N>
void tighten(N& node) noexcept;

// Puts an entry before entry `at`; the node has room and fits the key. `child`: of inner nodes.
template <typename N>
void insert_at(N& node, unsigned at, Record* record, Node* child) noexcept;
// The record of an entry is another one from now on; its key may differ.
template <typename N>
void set_record(N& node, unsigned at, Record* record) noexcept;
template <typename N>
void remove_at(N& node, unsigned at) noexcept;

template <typename N>
void copy_all(N& to, const N& from) noexcept;
// Entries from `at` on move to the empty node `right`.
template <typename N>
void split_at(N& node, unsigned at, N& right) noexcept;
// Adds all entries of a neighbour, which may be frozen and is left as it is.
template <typename N>
void append_all(N& node, const N& right) noexcept;
template <typename N>
void prepend_all(N& node, const N& left) noexcept;
// Moves entries between neighbours until both have as many.
template <typename N>
void even_out(N& left, N& right) noexcept;

}  // namespace flashkv::order
