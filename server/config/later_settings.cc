#include "server/config/later_settings.h"

namespace flashkv {
namespace {

std::string only_empty() { return "nothing: not available in this version"; }

template <const char* const& Only>
std::string only() {
  return std::string(Only) + ": other values are not available in this version";
}

bool take_empty(std::string_view text, Config&) { return text.empty(); }

template <const char* const& Only>
bool take(std::string_view text, Config&) {
  return text == Only;
}

constexpr const char* kNoEviction = "noeviction";
constexpr const char* kEverySecond = "everysec";
constexpr const char* kOff = "off";
constexpr const char* kHistory = "16MiB";
constexpr const char* kPins = "64";
constexpr const char* kWatches = "100000";

constexpr Setting kLater[] = {
    {"metrics-listen", "", only_empty, "address of the metrics page", take_empty},
    {"data-dir", "", only_empty, "folder of the journal; without one the store is memory only", take_empty},
    {"sync", kEverySecond, only<kEverySecond>, "when the journal is synced", take<kEverySecond>},
    {"ordered-index", kOff, only<kOff>, "keys in order: scans, deletes by prefix and range", take<kOff>},
    {"max-memory", "", only_empty, "memory for records", take_empty},
    {"eviction", kNoEviction, only<kNoEviction>, "what makes room at --max-memory", take<kNoEviction>},
    {"tls-cert", "", only_empty, "certificate chain", take_empty},
    {"tls-key", "", only_empty, "private key of the certificate", take_empty},
    {"tls-client-ca", "", only_empty, "authority that signs clients' certificates", take_empty},
    {"auth-tokens", "", only_empty, "file of bearer tokens", take_empty},
    {"watch-history", kHistory, only<kHistory>, "events kept for watchers", take<kHistory>},
    {"max-pins", kPins, only<kPins>, "scans and backups at once", take<kPins>},
    {"max-watches", kWatches, only<kWatches>, "watches at once", take<kWatches>},
};

}  // namespace

std::span<const Setting> later_settings() { return kLater; }

}  // namespace flashkv
