#include "storage/order/node_edit.h"

#include <algorithm>
#include <type_traits>

namespace flashkv::order {
namespace {

template <typename N>
constexpr bool kHasChildren = std::is_same_v<N, Inner>;

// Where a head moves when `bytes` bytes of `prefix` come before it.
Head with_prefix(Head prefix, Head head, std::size_t bytes) noexcept {
  if (bytes >= kHeadBytes) return prefix;
  const unsigned shift = static_cast<unsigned>(8 * bytes);
  return (prefix & ~(~Head{0} >> shift)) | head >> shift;
}

// Copies `count` entries of `from` to entry `at` of `to`, which skips no more than `from`; heads are fitted
// on the way, so `from` is not changed. `from` must be another node.
template <typename N>
void copy_entries(N& to, unsigned at, const N& from, unsigned first, unsigned count) noexcept {
  if (count == 0) return;
  if (from.skip == to.skip) {
    std::copy_n(from.heads + first, count, to.heads + at);
  } else {
    const std::size_t more = from.skip - to.skip;
    const Head prefix = head_of(from.records[0]->key(), to.skip);
    for (unsigned i = 0; i < count; ++i) to.heads[at + i] = with_prefix(prefix, from.heads[first + i], more);
  }
  std::copy_n(from.records + first, count, to.records + at);
  if constexpr (kHasChildren<N>) std::copy_n(from.children + first, count, to.children + at);
}

// Moves the entries from `from` on to begin at `to`.
template <typename N>
void shift(N& node, unsigned from, unsigned to) noexcept {
  const unsigned count = node.size - from;
  if (count == 0) return;
  std::memmove(node.heads + to, node.heads + from, count * sizeof *node.heads);
  std::memmove(node.records + to, node.records + from, count * sizeof *node.records);
  if constexpr (kHasChildren<N>)
    std::memmove(node.children + to, node.children + from, count * sizeof *node.children);
}

template <typename N>
void skip_only(N& node, std::size_t bytes) noexcept {
  if (node.skip <= bytes) return;
  const std::size_t more = node.skip - bytes;
  const Head prefix = head_of(node.records[0]->key(), bytes);
  for (unsigned i = 0; i < node.size; ++i) node.heads[i] = with_prefix(prefix, node.heads[i], more);
  node.skip = static_cast<std::uint16_t>(bytes);
}

// Leading bytes that all keys of both nodes share, no more than either skips.
template <typename N>
std::size_t skip_of_both(const N& a, const N& b) noexcept {
  return common_prefix(a.records[0]->key(), b.records[0]->key(), 0, std::min(a.skip, b.skip));
}

}  // namespace

template <typename N>
void fit(N& node, std::string_view key) noexcept {
  if (node.skip == 0) return;
  skip_only(node, common_prefix(key, node.records[0]->key(), 0, node.skip));
}

template <typename N>
void tighten(N& node) noexcept {
  if (node.size < 2 || shared_bytes(node.heads[0], node.heads[node.size - 1]) == 0) return;
  unsigned equal = 0;
  for (unsigned i = 1; i < node.size; ++i) equal += node.heads[i - 1] == node.heads[i] ? 1 : 0;
  if (equal * 8 < node.size) return;
  const std::size_t skip =
      common_prefix(node.records[0]->key(), node.records[node.size - 1]->key(), node.skip, SIZE_MAX);
  if (skip == node.skip) return;
  for (unsigned i = 0; i < node.size; ++i) node.heads[i] = head_of(node.records[i]->key(), skip);
  node.skip = static_cast<std::uint16_t>(skip);
}

template <typename N>
void insert_at(N& node, unsigned at, Record* record, [[maybe_unused]] Node* child) noexcept {
  shift(node, at, at + 1);
  node.heads[at] = head_of(record->key(), node.skip);
  node.records[at] = record;
  if constexpr (kHasChildren<N>) node.children[at] = child;
  ++node.size;
}

template <typename N>
void set_record(N& node, unsigned at, Record* record) noexcept {
  fit(node, record->key());
  node.heads[at] = head_of(record->key(), node.skip);
  node.records[at] = record;
}

template <typename N>
void remove_at(N& node, unsigned at) noexcept {
  shift(node, at + 1, at);
  --node.size;
}

template <typename N>
void copy_all(N& to, const N& from) noexcept {
  to.skip = from.skip;
  to.size = from.size;
  copy_entries(to, 0, from, 0, from.size);
}

template <typename N>
void split_at(N& node, unsigned at, N& right) noexcept {
  right.skip = node.skip;
  right.size = static_cast<std::uint16_t>(node.size - at);
  copy_entries(right, 0, node, at, right.size);
  node.size = static_cast<std::uint16_t>(at);
}

template <typename N>
void append_all(N& node, const N& right) noexcept {
  if (node.size == 0) return copy_all(node, right);
  skip_only(node, skip_of_both(node, right));
  copy_entries(node, node.size, right, 0, right.size);
  node.size = static_cast<std::uint16_t>(node.size + right.size);
}

template <typename N>
void prepend_all(N& node, const N& left) noexcept {
  if (node.size == 0) return copy_all(node, left);
  skip_only(node, skip_of_both(node, left));
  shift(node, 0, left.size);
  copy_entries(node, 0, left, 0, left.size);
  node.size = static_cast<std::uint16_t>(node.size + left.size);
}

template <typename N>
void even_out(N& left, N& right) noexcept {
  if (left.size == 0) left.skip = right.skip;
  if (right.size == 0) right.skip = left.skip;
  if (left.size != 0 && right.size != 0) {
    const std::size_t skip = skip_of_both(left, right);
    skip_only(left, skip);
    skip_only(right, skip);
  }
  const unsigned half = (left.size + right.size) / 2;
  if (left.size < half) {
    const unsigned moved = half - left.size;
    copy_entries(left, left.size, right, 0, moved);
    shift(right, moved, 0);
    right.size = static_cast<std::uint16_t>(right.size - moved);
  } else {
    const unsigned moved = left.size - half;
    shift(right, 0, moved);
    copy_entries(right, 0, left, half, moved);
    right.size = static_cast<std::uint16_t>(right.size + moved);
  }
  left.size = static_cast<std::uint16_t>(half);
}

#define FLASHKV_INSTANTIATE(N)                                    \
  template void fit(N&, std::string_view) noexcept;               \
  template void tighten(N&) noexcept;                             \
  template void insert_at(N&, unsigned, Record*, Node*) noexcept; \
  template void set_record(N&, unsigned, Record*) noexcept;       \
  template void remove_at(N&, unsigned) noexcept;                 \
  template void copy_all(N&, const N&) noexcept;                  \
  template void split_at(N&, unsigned, N&) noexcept;              \
  template void append_all(N&, const N&) noexcept;                \
  template void prepend_all(N&, const N&) noexcept;               \
  template void even_out(N&, N&) noexcept;
FLASHKV_INSTANTIATE(Leaf)
FLASHKV_INSTANTIATE(Inner)
#undef FLASHKV_INSTANTIATE

}  // namespace flashkv::order
