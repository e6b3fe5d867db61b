#include "tests/sim/watching.h"

#include <algorithm>
#include <utility>

namespace flashkv::sim {
namespace {

std::string words_of(const Record* r) {
  if (r == nullptr) return "absent";
  return std::string(r->value()) + " of " + std::to_string(r->mod_revision()) + ", version " +
         std::to_string(r->version()) + ", expires " + std::to_string(r->expires_at_ms());
}

std::string words_of(const Entry* e) {
  if (e == nullptr) return "absent";
  return e->value + " of " + std::to_string(e->mod) + ", version " + std::to_string(e->version) +
         ", expires " + std::to_string(e->expires_at_ms);
}

bool says(const Record* record, const Entry* entry) {
  if (record == nullptr || entry == nullptr) return (record == nullptr) == (entry == nullptr);
  return Entry{std::string(record->value()), record->create_revision(), record->mod_revision(),
               record->version(), record->expires_at_ms()} == *entry;
}

}  // namespace

std::string Watcher::look(const Model& model, std::size_t most) {
  std::string wrong;
  const std::uint64_t published = reader_.history().published();
  const ReadEnd end = reader_.read(at_, most, [&](const WatchEvent& e) {
    wrong = check(model, e);
    return wrong.empty();
  });
  if (!wrong.empty()) return wrong;
  if (end == ReadEnd::kCompacted) {
    const std::uint64_t floor = reader_.history().compact_revision();
    if (floor <= at_.revision + 1) return "compacted, although all of it was read";
    if (!reader_.seek(floor, at_)) return "the compact revision is compacted";
    first_ = read_ = floor - 1;
    of_revision_.clear();
    ++compactions_;
  } else if (end == ReadEnd::kReached) {
    if (at_.revision != published) return "read up to " + std::to_string(at_.revision) + " only";
    for (; read_ < at_.revision; ++read_) {
      if (wrong = check_read(model, read_); !wrong.empty()) return wrong;
    }
  }
  return {};
}

// Revisions take turns: those between the last event's and this one's have no events.
std::string Watcher::check(const Model& model, const WatchEvent& e) {
  ++events_;
  const std::string what = "event of " + std::string(e.key()) + " in " + std::to_string(e.revision) + ": ";
  if (e.revision < read_) return what + "out of order";
  for (; read_ < e.revision; ++read_) {
    if (std::string wrong = check_read(model, read_); !wrong.empty()) return wrong;
  }
  const std::string key(e.key());
  if (std::find(of_revision_.begin(), of_revision_.end(), key) != of_revision_.end()) return what + "again";
  of_revision_.push_back(key);
  for (const auto& [record, revision] : {std::pair(e.kv, e.revision), std::pair(e.prev, e.revision - 1)}) {
    const Entry* held = model.find(key, revision);
    if (!says(record, held)) return what + words_of(record) + " instead of " + words_of(held);
  }
  const EventKind removal = model.was_expiry(e.revision) ? EventKind::kExpire : EventKind::kDelete;
  if (e.kind != (e.kv != nullptr ? EventKind::kPut : removal)) return what + "of the wrong kind";
  return {};
}

// After the last event of `revision`.
std::string Watcher::check_read(const Model& model, std::uint64_t revision) {
  const std::size_t seen = of_revision_.size();
  of_revision_.clear();
  const std::uint64_t made = model.changes_at(revision);
  if (seen == made || (seen == 0 && revision <= first_)) return {};
  return "revision " + std::to_string(revision) + " has " + std::to_string(made) + " changes, watched " +
         std::to_string(seen);
}

}  // namespace flashkv::sim
