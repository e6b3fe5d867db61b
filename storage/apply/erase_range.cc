// OpRules: an erase of all keys in a range, as one change a key.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "storage/apply/op_rules.h"
#include "storage/order/cursor.h"
#include "storage/request/failure.h"

namespace flashkv {
namespace {

bool refuse(Status& why, Code code, std::string_view message) noexcept {
  fail(why, code, message);
  return false;
}

bool contains(const Op& range, std::string_view key) noexcept {
  return key >= range.key && (range.value.empty() || key < range.value);
}

}  // namespace

bool OpRules::erase_range(Op& op, Status& why) {
  if (!staged_.has_index()) {
    return refuse(why, Code::kFailedPrecondition, "Delete by prefix or range needs --ordered-index=on");
  }
  if (!find_victims(op, why)) return false;
  const std::vector<Found>& found = victims_.found;
  op.outcome.erased = std::make_unique<ErasedRange>();
  op.outcome.erased->count = found.size();
  op.outcome.erased->more = victims_.more;
  if (op.want_prev && !copy_victims(*op.outcome.erased, why)) return false;
  changes_.make_room(found.size());
  for (Found f : found) {
    f.change = changes_.find(f.probe);
    write(f, nullptr, nullptr, nullptr);
  }
  erased_keys_ += found.size();
  op.outcome.succeeded = !found.empty();
  return true;
}

// Keys that are staged, and those that earlier operations of the request added, both in order.
bool OpRules::find_victims(const Op& op, Status& why) {
  victims_.found.clear();
  victims_.more = false;
  searched_keys_ += changes_.all().size();
  if (searched_keys_ > kMaxSearched) {
    return refuse(why, Code::kResourceExhausted,
                  "ops: too many ranges behind too many writes for one request; send several");
  }
  find_added(op);
  const std::uint64_t room = kMaxErasedKeys - erased_keys_;
  const std::uint64_t most = op.limit == 0 ? room : std::min(op.limit, room);
  order::Cursor cursor(staged_.in_order(), {op.key, op.value}, order::Cursor::kForward);
  auto added = victims_.added.begin();
  Record* base = const_cast<Record*>(cursor.next());
  while (!victims_.more && (base != nullptr || added != victims_.added.end())) {
    Found f;
    if (base == nullptr || (added != victims_.added.end() && (*added)->probe.key < base->key())) {
      f.probe = (*added)->probe;
      f.current = (*added)->after;
      ++added;
    } else {
      f.probe = Probe{base->key(), staged_.hash(base->key())};
      f.base = std::exchange(base, const_cast<Record*>(cursor.next()));
      const Change* change = changes_.find(f.probe);
      f.current = change != nullptr ? change->after : unexpired(f.base);
    }
    if (f.current != nullptr) {
      if (!add_victim(op, f, most, why)) return false;
    } else if (++passed_keys_ > kMaxPassed) {
      if (op.limit == 0) {
        return refuse(why, Code::kResourceExhausted,
                      "range: many of its keys have expired and are being removed; try again");
      }
      victims_.more = true;
    }
  }
  return true;
}

void OpRules::find_added(const Op& op) {
  victims_.added.clear();
  for (const Change& c : changes_.all()) {
    if (c.base == nullptr && c.after != nullptr && contains(op, c.probe.key)) victims_.added.push_back(&c);
  }
  std::sort(victims_.added.begin(), victims_.added.end(),
            [](const Change* a, const Change* b) { return a->probe.key < b->probe.key; });
}

bool OpRules::add_victim(const Op& op, const Found& f, std::uint64_t most, Status& why) {
  if (victims_.found.size() < most) {
    victims_.found.push_back(f);
    return true;
  }
  if (op.limit != 0) {
    victims_.more = true;
    return true;
  }
  return refuse(why, Code::kResourceExhausted,
                "range: more than " + std::to_string(kMaxErasedKeys) +
                    " keys for one request; set limit, and repeat while the reply says more");
}

// The sum is known before the first copy is made.
bool OpRules::copy_victims(ErasedRange& out, Status& why) {
  std::uint64_t bytes = 0;
  for (const Found& f : victims_.found) bytes += f.current->bytes();
  if (bytes > kMaxOutcomeBytes && victims_.found.size() > 1) {
    return refuse(why, Code::kResourceExhausted,
                  "ops: the reply would be larger than 16 MiB; ask for fewer values");
  }
  made_bytes_ += bytes;
  out.prev_kvs.reserve(victims_.found.size());
  for (const Found& f : victims_.found) {
    out.prev_kvs.push_back(f.current->clone());
    if (out.prev_kvs.back() == nullptr) return refuse(why, Code::kResourceExhausted, kOutOfMemory);
  }
  return true;
}

}  // namespace flashkv
