// Pins of a simulation: taken in one turn, read in pieces between others, held long.
#include <algorithm>

#include "tests/sim/simulation.h"

namespace flashkv::sim {
namespace {

std::string name(const SimCall& call) { return "request " + std::to_string(call.id) + ": "; }

}  // namespace

// The answer to a kTakePin. The pin is kept from here on.
void Simulation::check_pin(const SimCall& call) {
  const std::uint64_t published = store_->published_revision();
  const Code code = call.status.code;
  if (call.expected->code != Code::kOk) {
    return require(code == call.expected->code, name(call) + "a wrong answer: " + call.status.message);
  }
  if (code == Code::kDeadlineExceeded) {
    require(call.asked_revision > published && call.due <= times_.decided, name(call) + "gave up too soon");
    return;
  }
  require((code == Code::kFailedPrecondition) == !ordered_, name(call) + call.status.message);
  if (code == Code::kResourceExhausted) {
    require(starved_ || pins_.size() >= options_.limits.max_pins, name(call) + "a pin was refused");
    ++pins_refused_;
  }
  if (code != Code::kOk) return require(call.pin == nullptr, name(call) + "an error with a pin");
  require(call.pin != nullptr && pins_.size() < options_.limits.max_pins, name(call) + "one pin too many");
  const PinnedState::Numbers& numbers = call.pin->numbers();
  require(numbers.revision == call.revision && numbers.revision <= published &&
              numbers.revision >= call.asked_revision && (stopping_ || numbers.revision == published),
          name(call) + "a pin of revision " + std::to_string(numbers.revision));
  require(numbers.instant_ms == times_.decided / kNanosPerMilli, name(call) + "a pin of another instant");
  const auto held = model_.range("", "", numbers.revision);
  const auto expire = [](const auto& item) { return item.second.expires_at_ms != 0; };
  require(numbers.keys == held.size(), name(call) + "a pin of " + std::to_string(numbers.keys) + " keys");
  require(numbers.expiring == static_cast<std::uint64_t>(std::count_if(held.begin(), held.end(), expire)),
          name(call) + "keys that expire are counted wrongly");
  pins_.emplace_back();
  pins_.back().pin = std::move(in_flight_.at(call.id)->pin);
}

// After a turn; pins that were given back before it are the writer's again.
void Simulation::check_pins(const WriterStatsView& writer) {
  require(writer.pins == pins_.size(), "the writer counts " + std::to_string(writer.pins) + " pins");
  std::uint64_t revoked = 0;
  const PinnedState* oldest = nullptr;
  for (const Pinned& p : pins_) {
    revoked += p.pin->revoked();
    if (oldest == nullptr && !p.pin->revoked()) oldest = p.pin.get();
  }
  require(writer.oldest_pin == (oldest == nullptr ? 0 : oldest->numbers().revision),
          "the oldest pin is not of revision " + std::to_string(writer.oldest_pin));
  require(writer.pins_revoked >= revoked, "revoked pins are counted wrongly");
  const bool limited = options_.limits.max_pinned_bytes < StoreLimits{}.max_pinned_bytes;
  require(limited || writer.pins_revoked == 0, "a pin was revoked without need");
  revoked_ = writer.pins_revoked;
}

// A piece of some scan or count, or single keys; sometimes the pin goes then, read to its end or not.
void Simulation::read_pin() {
  if (pins_.empty()) return;
  const std::size_t i = dice_.below(pins_.size());
  Pinned& pinned = pins_[i];
  if (pinned.scan == nullptr) begin_scan(pinned);
  const bool found = find_in(pinned);
  const bool readable = found && (pinned.counts ? count_on(pinned) : scan_on(pinned));
  require(readable == !pinned.pin->revoked(), "a pin is revoked and read");
  if (readable && !dice_.one_in(stopping_ ? 2 : 12)) return;
  note("return the pin of " + std::to_string(pinned.pin->numbers().revision));
  pins_.erase(pins_.begin() + static_cast<std::ptrdiff_t>(i));
}

void Simulation::begin_scan(Pinned& pinned) {
  const PinnedState& pin = *pinned.pin;
  ScanRange range;
  if (!dice_.one_in(3)) range.start = CallMaker::key(dice_.below(maker_.keys()));
  if (!dice_.one_in(3)) range.end = CallMaker::key(dice_.below(maker_.keys()));
  if (dice_.one_in(6)) range = prefix_range("key1");
  OrderedScan::Options options;
  if (dice_.one_in(2)) options.direction = OrderedScan::kReverse;
  if (dice_.one_in(2)) options.limit = dice_.below(12);
  options.keys_only = dice_.one_in(2);
  pinned.counts = dice_.one_in(3);
  pinned.page = {};
  if (dice_.one_in(2)) pinned.page.keys = 1 + dice_.below(5);
  if (dice_.one_in(2)) pinned.page.bytes = dice_.below(500);

  const auto held = model_.range(range.start, range.end, pin.numbers().revision);
  pinned.left.clear();
  for (const auto& item : held) {
    if (item.second.live_at(pin.numbers().instant_ms)) pinned.left.emplace_back(item);
  }
  pinned.whole = pinned.left.size();
  if (options.direction == OrderedScan::kForward) std::reverse(pinned.left.begin(), pinned.left.end());
  pinned.more = options.limit != 0 && pinned.left.size() > options.limit;
  if (pinned.left.size() > options.limit) {
    pinned.left.erase(pinned.left.begin(), pinned.left.end() - static_cast<std::ptrdiff_t>(options.limit));
  }
  pinned.scan = std::make_unique<OrderedScan>(*pinned.pin, std::move(range), options);
}

// False: revoked.
bool Simulation::scan_on(Pinned& pinned) {
  OrderedScan& scan = *pinned.scan;
  OrderedScan::Page page(scan, pinned.page);
  if (page.revoked()) return false;
  std::uint64_t got = 0;
  while (const Record* record = page.next()) {
    require(!pinned.left.empty(), "a scan returns too much: " + std::string(record->key()));
    const auto& [key, entry] = pinned.left.back();
    require(record->key() == key, "a scan returns " + std::string(record->key()) + " instead of " + key);
    require(entry_of(*record) == entry, key + " of a scan reads " + std::string(record->value()));
    pinned.left.pop_back();
    ++got;
  }
  require(got <= pinned.page.keys, "a page of too many keys");
  require(scan.done() == pinned.left.empty(), "a scan is wrong about its end");
  require(scan.done() || got > 0, "an empty page of few keys");
  if (!scan.done()) return true;
  require(scan.more() == pinned.more, "a scan is wrong about what is beyond its limit");
  ++scanned_;
  pinned.scan.reset();
  return true;
}

bool Simulation::count_on(Pinned& pinned) {
  switch (pinned.scan->count_on()) {
    case OrderedScan::Counted::kRevoked:
      return false;
    case OrderedScan::Counted::kPartly:
      return true;
    case OrderedScan::Counted::kAll:
      break;
  }
  require(pinned.scan->counted() == pinned.whole,
          "counted " + std::to_string(pinned.scan->counted()) + " of " + std::to_string(pinned.whole));
  ++counted_;
  pinned.scan.reset();
  return true;
}

bool Simulation::find_in(Pinned& pinned) {
  const PinSection section(*pinned.pin);
  if (!section) return false;
  const PinnedState::Numbers& numbers = pinned.pin->numbers();
  const std::string key = CallMaker::key(dice_.below(maker_.keys()));
  const Record* found = section.find(key);
  const Entry* held = model_.find(key, numbers.revision);
  const bool live = held != nullptr && held->live_at(numbers.instant_ms);
  require((found != nullptr) == live, key + " in a pin: there or not");
  if (live) require(entry_of(*found) == *held, key + " in a pin reads " + std::string(found->value()));
  return true;
}

}  // namespace flashkv::sim
