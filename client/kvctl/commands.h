// The commands. Each returns the exit code.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/flashkv/client.h"
#include "client/kvctl/output.h"
#include "client/kvctl/settings.h"

namespace flashkv::v1 {
class StatsResponse;
}

namespace flashkv::kvctl {

// In the order in which they are printed.
using Rows = std::vector<Field>;

int run_get(client::Client& client, const Settings& settings);
int run_mget(client::Client& client, const Settings& settings);
int run_put(client::Client& client, const Settings& settings);
int run_del(client::Client& client, const Settings& settings);
int run_del_range(client::Client& client, const Settings& settings);  // del without keys
int run_scan(client::Client& client, const Settings& settings);
int run_keys(client::Client& client, const Settings& settings);
int run_count(client::Client& client, const Settings& settings);
int run_export(client::Client& client, const Settings& settings);
int run_expire(client::Client& client, const Settings& settings);
int run_ttl(client::Client& client, const Settings& settings);
int run_incr(client::Client& client, const Settings& settings);
// Renews the ttl of the key that run_put() has put in this revision, until `interrupted`.
int keep_alive(client::Client& client, const Settings& settings, std::uint64_t put_revision);
int run_append(client::Client& client, const Settings& settings);
int run_txn(client::Client& client, const Settings& settings);
int run_watch(client::Client& client, const Settings& settings);
int run_import(client::Client& client, const Settings& settings);
int run_bench(client::Client& client, const Settings& settings);
int run_stats(client::Client& client, const Settings& settings);
int run_top(client::Client& client, const Settings& settings);
int run_publish_policy(client::Client& client, const Settings& settings);
int run_publish(client::Client& client, const Settings& settings);
int run_slowlog(client::Client& client, const Settings& settings);
int run_log_level(client::Client& client, const Settings& settings);
int run_health(client::Client& client, const Settings& settings);
int run_shell(client::Client& client, const Settings& settings);
int run_version(client::Client& client, const Settings& settings);

// What `stats` prints.
Rows stats_rows(const v1::StatsResponse& s);

// Opens a client with these settings and runs the command.
int run_command(const Settings& settings);
// Runs the command over a client that is there already.
int run_with(client::Client& client, const Settings& settings);

}  // namespace flashkv::kvctl
