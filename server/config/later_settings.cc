#include "server/config/later_settings.h"

namespace flashkv {
namespace {

constexpr std::string_view kNoMemoryLimit = "memory is not limited";
constexpr std::string_view kNoTls = "connections are not encrypted";

constexpr LaterSetting kLater[] = {
    {"metrics-listen", "", "no metrics page; see kvctl stats"},
    {"max-memory", "", kNoMemoryLimit},
    {"eviction", "noeviction", kNoMemoryLimit},
    {"tls-cert", "", kNoTls},
    {"tls-key", "", kNoTls},
    {"tls-client-ca", "", kNoTls},
    {"auth-tokens", "", "clients are not asked for tokens"},
};

}  // namespace

std::span<const LaterSetting> later_settings() { return kLater; }

}  // namespace flashkv
