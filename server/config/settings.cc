#include "server/config/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <thread>

#include "server/config/quantity.h"
#include "storage/engine/registry.h"

namespace flashkv {
namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
constexpr Nanos kLongestDrain = Nanos{3600} * 1'000'000'000;
constexpr Nanos kLongestScanWait = Nanos{24 * 3600} * 1'000'000'000;
constexpr Nanos kSlowest = Nanos{24 * 3600} * 1'000'000'000;
constexpr std::uint64_t kMostSlowEntries = 10'000;  // 0.5 MB a request thread
constexpr std::uint64_t kMostPins = 1'024;

std::string any_address() { return "HOST:PORT, [IPV6]:PORT or unix:PATH"; }
template <Nanos Most>
std::string durations() {
  return std::string(kDurationForm) + ", at most " + duration_text(Most);
}
std::string switches() { return "true or false"; }
std::string guards() { return "auto, refcount or asymmetric"; }
std::string levels() { return std::string(log::kLevelNames); }
std::string formats() { return "text or json"; }
std::string engines() {
  std::string names;
  for (const std::string& name : engine_names()) names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

template <std::uint64_t Least, std::uint64_t Most>
std::string counts() {
  return std::to_string(Least) + " to " + std::to_string(Most);
}
template <std::uint64_t Least, std::uint64_t Most>
std::string sizes() {
  return size_text(Least) + " to " + size_text(Most) + ": " + std::string(kSizeForm);
}

// Stores `number` in `to` if it is in [Least, Most].
template <std::uint64_t Least, std::uint64_t Most>
bool within(std::optional<std::uint64_t> number, std::uint64_t& to) {
  if (!number || *number < Least || *number > Most) return false;
  to = *number;
  return true;
}

bool take_switch(std::string_view text, bool& to) {
  const auto value = parse_switch(text);
  if (value) to = *value;
  return value.has_value();
}

bool take_index(std::string_view text, bool& to) {
  if (text == "on" || text == "off") to = text == "on";
  return text == "on" || text == "off";
}

bool take_duration(std::string_view text, Nanos& to, Nanos most, Nanos least = 0) {
  const auto value = parse_duration(text);
  if (!value || *value < least || *value > most) return false;
  to = *value;
  return true;
}

// `value` into `field` when the policy stays within its bounds.
template <typename T>
bool take_in_policy(std::optional<T> value, T PublishPolicy::*field, PublishPolicy& to) {
  PublishPolicy changed = to;
  if (!value) return false;
  changed.*field = *value;
  if (policy_error(changed) != PolicyError::kNone) return false;
  to = changed;
  return true;
}

bool take_address(std::string_view text, std::string& to) {
  constexpr std::string_view kUnix = "unix:";
  if (!text.starts_with(kUnix)) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.front() == '[' && host.back() == ']';
    if (!bracketed && host.find_first_of(":[] ") != std::string_view::npos) return false;
    const auto port = parse_count(text.substr(colon + 1));
    if (!port || *port > std::numeric_limits<std::uint16_t>::max()) return false;
  } else if (text.size() == kUnix.size()) {
    return false;
  }
  to = text;
  return true;
}

bool take_folder(std::string_view text, std::string& to) {
  to = text;
  return text.find('\0') == std::string_view::npos;
}

bool take_sync(std::string_view text, SyncPolicy& to) {
  if (text == "always") to = SyncPolicy::kAlways;
  if (text == "everysec") to = SyncPolicy::kEverySecond;
  if (text == "never") to = SyncPolicy::kOnRequest;
  return text == "always" || text == "everysec" || text == "never";
}

bool take_engine(std::string_view text, std::string& to) {
  const std::vector<std::string> names = engine_names();
  if (std::find(names.begin(), names.end(), text) == names.end()) return false;
  to = text;
  return true;
}

bool take_guard(std::string_view text, GuardChoice& to) {
  if (text == "auto") to = GuardChoice::kAuto;
  if (text == "refcount") to = GuardChoice::kRefcount;
  if (text == "asymmetric") to = GuardChoice::kAsymmetric;
  return text == "auto" || text == "refcount" || text == "asymmetric";
}

bool take_slice(std::string_view text, unsigned& to) {
  if (text == "auto") {
    to = 0;
    return true;
  }
  const auto bits = parse_count(text);
  if (!bits || (*bits != 4 && *bits != 8 && *bits != 11 && *bits != 13 && *bits != 16)) return false;
  to = static_cast<unsigned>(*bits);
  return true;
}

bool take_order(std::string_view text, WordOrder& to) {
  if (text != "forward" && text != "reversed") return false;
  to = text == "forward" ? WordOrder::kForward : WordOrder::kReversed;
  return true;
}

constexpr std::uint64_t kMaxThreads = 256;
bool take_threads(std::string_view text, unsigned& to) {
  if (text == "auto") {
    to = std::max(2U, std::thread::hardware_concurrency());
    return true;
  }
  std::uint64_t number = 0;
  if (!within<1, kMaxThreads>(parse_count(text), number)) return false;
  to = static_cast<unsigned>(number);
  return true;
}

bool take_level(std::string_view text, log::Level& to) {
  const auto level = log::parse_level(text);
  if (level) to = *level;
  return level.has_value();
}

bool take_format(std::string_view text, log::Format& to) {
  if (text != "text" && text != "json") return false;
  to = text == "json" ? log::Format::kJson : log::Format::kText;
  return true;
}

constexpr Setting kSettings[] = {
    {"listen", "127.0.0.1:7400", any_address, "address to serve clients on",
     [](std::string_view t, Config& c) { return take_address(t, c.listen); }},
    {"insecure", "false", switches, "allow an address that other machines can reach, without TLS or tokens",
     [](std::string_view t, Config& c) { return take_switch(t, c.insecure); }, true},
    {"threads", "auto", [] { return "auto (one per core, at least 2) or " + counts<1, kMaxThreads>(); },
     "request threads", [](std::string_view t, Config& c) { return take_threads(t, c.threads); }},
    {"engine", "flashmap", engines, "storage engine",
     [](std::string_view t, Config& c) { return take_engine(t, c.store.engine); }},
    {"guard", "auto", guards, "how flashmap keeps track of its readers",
     [](std::string_view t, Config& c) { return take_guard(t, c.store.guard); }},
    {"max-retired", "1GiB", sizes<kMib, kMib * kMib>,
     "most retired memory that may wait for readers; for an engine that never frees, all it may retire",
     [](std::string_view t, Config& c) {
       return within<kMib, kMib * kMib>(parse_size(t), c.store.limits.max_retired_bytes);
     }},
    {"ordered-index", "on", [] { return std::string("on or off"); },
     "keep the keys in order too, for scans and for deleting by prefix or range",
     [](std::string_view t, Config& c) { return take_index(t, c.store.ordered_index); }},
    {"max-pins", "64", counts<1, kMostPins>, "most scans, and other reads of one revision, at a time",
     [](std::string_view t, Config& c) {
       return within<1, kMostPins>(parse_count(t), c.store.limits.max_pins);
     }},
    {"max-pinned-bytes", "1GiB", sizes<kMib, kMib * kMib>,
     "most memory that is kept for scans only; above it the oldest of them are ended",
     [](std::string_view t, Config& c) {
       return within<kMib, kMib * kMib>(parse_size(t), c.store.limits.max_pinned_bytes);
     }},
    {"scan-timeout", "30s",
     [] { return "1ms to " + duration_text(kLongestScanWait) + ": " + std::string(kDurationForm); },
     "how long a scan waits for its client to take a page",
     [](std::string_view t, Config& c) {
       return take_duration(t, c.limits.scan_timeout, kLongestScanWait, kNanosPerMilli);
     }},
    {"radix-slice", "auto", [] { return std::string("auto, 4, 8, 11, 13 or 16"); },
     "key bits that one node of a radix engine branches on",
     [](std::string_view t, Config& c) { return take_slice(t, c.store.slice_bits); }},
    {"radix-order", "forward", [] { return std::string("forward or reversed"); },
     "end of a word that a radix engine starts at",
     [](std::string_view t, Config& c) { return take_order(t, c.store.word_order); }},
    {"publish-interval", "0", durations<PublishPolicy::kMaxInterval>,
     "shortest time between publishes; 0 = publish after every batch",
     [](std::string_view t, Config& c) {
       return take_in_policy(parse_duration(t), &PublishPolicy::interval, c.store.policy);
     }},
    {"publish-max-batch", "1024", counts<1, PublishPolicy::kMaxBatch>, "most operations in one batch",
     [](std::string_view t, Config& c) {
       return take_in_policy(parse_count(t), &PublishPolicy::max_batch, c.store.policy);
     }},
    {"publish-adaptive", "true", switches, "publish at once when idle; false = only on the interval's tick",
     [](std::string_view t, Config& c) { return take_switch(t, c.store.policy.adaptive); }, true},
    {"max-key-bytes", "65535", counts<1, Record::kMaxKeyBytes>, "longest key",
     [](std::string_view t, Config& c) {
       return within<1, Record::kMaxKeyBytes>(parse_size(t), c.store.limits.max_key_bytes);
     }},
    {"max-value-bytes", "8MiB", sizes<1, Record::kMaxValueBytes>, "longest value",
     [](std::string_view t, Config& c) {
       return within<1, Record::kMaxValueBytes>(parse_size(t), c.store.limits.max_value_bytes);
     }},
    {"max-request-bytes", "16MiB", sizes<1024, 1024 * kMib>, "largest request message",
     [](std::string_view t, Config& c) {
       return within<1024, 1024 * kMib>(parse_size(t), c.limits.max_request_bytes);
     }},
    {"max-multiget-keys", "10000", counts<1, 1'000'000>, "most keys in one MultiGet",
     [](std::string_view t, Config& c) {
       return within<1, 1'000'000>(parse_count(t), c.limits.max_multiget_keys);
     }},
    {"max-queue-requests", "65536", counts<1, 1U << 24>, "most mutations that may wait for the writer",
     [](std::string_view t, Config& c) {
       return within<1, 1U << 24>(parse_count(t), c.store.limits.max_queue_requests);
     }},
    {"max-queue-bytes", "256MiB", sizes<1, 65'536 * kMib>,
     "most bytes of mutations that may wait for the writer",
     [](std::string_view t, Config& c) {
       return within<1, 65'536 * kMib>(parse_size(t), c.store.limits.max_queue_bytes);
     }},
    {"data-dir", "", [] { return std::string("a folder, or nothing: memory only"); },
     "folder that keeps the data over restarts; none = memory only",
     [](std::string_view t, Config& c) { return take_folder(t, c.store.data_dir); }},
    {"sync", "everysec", [] { return std::string("always, everysec or never"); },
     "when the data folder is synced although no request waits for it",
     [](std::string_view t, Config& c) { return take_sync(t, c.store.sync); }},
    {"max-journal-bytes", "256MiB", sizes<kMib, 65'536 * kMib>,
     "most bytes of changes that may wait to be written to the data folder",
     [](std::string_view t, Config& c) {
       return within<kMib, 65'536 * kMib>(parse_size(t), c.store.limits.max_journal_bytes);
     }},
    {"watch-history", "16MiB", sizes<0, 65'536 * kMib>,
     "most memory for the recent changes that watches are fed from; 0 = no watches",
     [](std::string_view t, Config& c) {
       return within<0, 65'536 * kMib>(parse_size(t), c.store.limits.watch_history_bytes);
     }},
    {"max-watches", "100000", counts<1, 10'000'000>, "most watches at a time",
     [](std::string_view t, Config& c) {
       return within<1, 10'000'000>(parse_count(t), c.limits.max_watches);
     }},
    {"max-streams", "1000", counts<1, 1'000'000>, "most calls in flight on one connection",
     [](std::string_view t, Config& c) { return within<1, 1'000'000>(parse_count(t), c.max_streams); }},
    {"max-connections", "10000", counts<1, 1'000'000>,
     "most connections, roughly: when the memory set aside for them is used up, new ones are turned away",
     [](std::string_view t, Config& c) { return within<1, 1'000'000>(parse_count(t), c.max_connections); }},
    {"drain-timeout", "10s", durations<kLongestDrain>, "how long a stop waits for calls in flight",
     [](std::string_view t, Config& c) { return take_duration(t, c.drain_timeout, kLongestDrain); }},
    {"slow-log-threshold", "10ms", durations<kSlowest>,
     "a request that takes this long or longer is counted as slow and kept in the slow log; 0 = every "
     "request",
     [](std::string_view t, Config& c) { return take_duration(t, c.limits.slow_log_threshold, kSlowest); }},
    {"slow-log-entries", "128", counts<0, kMostSlowEntries>, "requests that the slow log keeps; 0 = none",
     [](std::string_view t, Config& c) {
       return within<0, kMostSlowEntries>(parse_count(t), c.limits.slow_log_entries);
     }},
    {"log-level", "info", levels, "lowest severity that is logged",
     [](std::string_view t, Config& c) { return take_level(t, c.log_level); }},
    {"log-format", "text", formats, "text lines or JSON lines",
     [](std::string_view t, Config& c) { return take_format(t, c.log_format); }},
};

}  // namespace

std::span<const Setting> settings() { return kSettings; }

std::string environment_name(std::string_view setting) {
  std::string name(kVariablePrefix);
  for (const char c : setting) {
    name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return name;
}

bool is_loopback(std::string_view listen) {
  const std::string_view host = listen.substr(0, listen.rfind(':'));
  const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return listen.starts_with("unix:") || host == "localhost" || host == "[::1]" ||
         (numeric && host.starts_with("127."));
}

std::string conflict(const Config& config) {
  const EngineOptions options{.guard = config.store.guard,
                              .slice_bits = config.store.slice_bits,
                              .word_order = config.store.word_order};
  if (const Status s = check_engine(config.store.engine, options); !s.ok()) return "--engine, --" + s.message;
  const StoreLimits& limits = config.store.limits;
  // What Store::submit counts for a Put with an expiry: the key is in the operation and in the record.
  const std::uint64_t largest =
      sizeof(Request) + sizeof(Op) + limits.max_key_bytes +
      Record::bytes_for(limits.max_key_bytes, limits.max_value_bytes, Record::Expiry::kRoom);
  if (!config.insecure && !is_loopback(config.listen)) {
    return "--listen: " + config.listen +
           " can be reached from other machines, without TLS or tokens; allow that with --insecure, or "
           "listen on "
           "127.0.0.1";
  }
  if (config.limits.max_request_bytes < limits.max_value_bytes) {
    return "--max-request-bytes: " + std::to_string(config.limits.max_request_bytes) +
           " is less than --max-value-bytes; allowed: at least " + std::to_string(limits.max_value_bytes);
  }
  if (limits.max_queue_bytes < largest) {
    return "--max-queue-bytes: " + std::to_string(limits.max_queue_bytes) +
           " cannot hold one key and value; allowed: at least " + std::to_string(largest);
  }
  return {};
}

}  // namespace flashkv
