#include "client/kvctl/commands/stats_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "client/kvctl/output.h"
#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string count(std::uint64_t n) { return format_count(n); }
std::string bytes(std::uint64_t n) { return format_bytes(n); }
std::string time(std::uint64_t ns) { return format_nanoseconds(ns); }
std::string cpu(std::uint64_t us) { return format_nanoseconds(us * 1000); }
std::string of(const std::string& used, const std::string& limit) { return used + " of " + limit; }

// A section's heading, and its rows below it.
std::string section(const std::string& title, Rows rows) {
  for (auto& row : rows) {
    for (std::string& cell : row) cell = printable(cell);
    row.front() = "  " + row.front();
  }
  return title + '\n' + table(rows);
}

std::string traits(const v1::EngineTraits& t) {
  return std::string(t.atomic_batch() ? "atomic" : "key by key") + ", " +
         (t.linearizable() ? "linearizable" : "not linearizable") + ", " +
         (t.ordered() ? "ordered" : "unordered") + ", garbage " +
         (t.bounded_garbage() ? "bounded" : "not bounded");
}

std::string policy(const v1::PublishPolicy& p) {
  return (p.interval_us() == 0 ? "after every batch" : "every " + time(p.interval_us() * 1000)) +
         (p.interval_us() != 0 && p.adaptive() ? ", at once when idle" : "") + "; batches of at most " +
         count(p.max_batch());
}

std::string server(const v1::StatsResponse& s) {
  return section("Server",
                 {{"version", s.version()},
                  {"up for", format_duration(std::chrono::milliseconds(s.uptime_ms()))},
                  {"memory", bytes(s.rss_bytes())},
                  {"CPU time", cpu(s.cpu_user_us()) + " user, " + cpu(s.cpu_system_us()) + " system"},
                  {"request threads", count(s.request_threads())},
                  {"engine", s.engine() + (s.guard().empty() ? "" : ", guard " + s.guard())},
                  {"batches", traits(s.traits())}});
}

std::string data(const v1::StatsResponse& s) {
  Rows rows{{"keys", count(s.keys())},
            {"records", bytes(s.record_bytes())},
            {"index", bytes(s.index_bytes())},
            {"ordered index", s.ordered_index() ? bytes(s.ordered_bytes()) : "off"},
            {"retired", of(bytes(s.retired_bytes()), bytes(s.retired_bytes_limit()))}};
  if (s.waiting_bytes() > 0) rows.push_back({"to be reused", bytes(s.waiting_bytes())});
  if (s.leaked_bytes() > 0) rows.push_back({"never freed", bytes(s.leaked_bytes())});
  // Revisions and ids are names, not amounts: no commas.
  rows.push_back({"revision", std::to_string(s.published_revision()) + " published, " +
                                  std::to_string(s.assigned_revision()) + " assigned"});
  rows.push_back({"expired", count(s.expired_keys()) + (s.expired_keys() == 1 ? " key" : " keys")});
  rows.push_back({"store id", std::to_string(s.header().store_id())});
  return section("Data", std::move(rows));
}

std::string writer(const v1::StatsResponse& s) {
  const auto row = [](const std::string& name, const v1::Distribution& d, auto unit) {
    return std::vector<std::string>{name, unit(d.p50()), unit(d.p99()), unit(d.p999()), unit(d.max())};
  };
  return section("Writer",
                 {{"queue", of(count(s.queue_requests()), count(s.queue_requests_limit())) + " requests, " +
                                of(bytes(s.queue_bytes()), bytes(s.queue_bytes_limit()))},
                  {"applied",
                   count(s.applied_ops()) + " operations in " + count(s.applied_requests()) + " requests"},
                  {"rejected", count(s.rejected_requests()) + " requests"},
                  {"published", count(s.publishes()) + " times, put off " + count(s.deferrals()) + " times"},
                  {"policy", policy(s.policy())}}) +
         section("", {{"", "p50", "p99", "p99.9", "max"},
                      row("operations in a batch", s.batch_ops(), count),
                      row("wait for readers", s.writer_wait_ns(), time),
                      row("publish", s.publish_ns(), time),
                      row("applied to published", s.publish_lag_ns(), time)});
}

std::string scans_and_watches(const v1::StatsResponse& s) {
  std::string pins = of(count(s.pins()), count(s.pins_limit())) + ", " + count(s.pins_revoked()) + " revoked";
  if (s.pins() > 0)
    pins += ", the oldest for " + format_duration(std::chrono::milliseconds(s.oldest_pin_ms()));
  std::string watches = of(count(s.watches()), count(s.watches_limit()));
  if (s.watches_behind() > 0)
    watches +=
        ", " + count(s.watches_behind()) + " behind, by " + count(s.watch_lag()) + " revisions at most";
  const std::string events =
      count(s.watch_history_events()) + " events from revision " + std::to_string(s.compact_revision());
  return section("Scans and watches",
                 {{"pins", pins},
                  {"kept for pins", of(bytes(s.pinned_bytes()), bytes(s.pinned_bytes_limit()))},
                  {"watches", watches},
                  {"history", s.watch_history_limit() == 0
                                  ? "off"
                                  : of(bytes(s.watch_history_bytes()), bytes(s.watch_history_limit())) +
                                        ", " + events}});
}

std::string journal(const v1::StatsResponse& s) {
  const v1::Journal& j = s.journal();
  Rows rows{{"state", j.failure().empty() ? "works" : "fails: " + j.failure()},
            {"written", "up to revision " + std::to_string(j.written_revision())},
            {"synced", "up to revision " + std::to_string(j.synced_revision())},
            {"waiting", of(bytes(j.waiting_bytes()), bytes(j.waiting_bytes_limit()))},
            {"on disk", bytes(j.disk_bytes())},
            {"batches", count(j.batches()) + " with " + count(j.changes()) + " changes"}};
  std::string syncs = count(j.syncs());
  if (j.syncs() > 0)
    syncs += ", the last took " + time(j.last_sync_ns()) + ", the longest " + time(j.longest_sync_ns());
  rows.push_back({"syncs", syncs});
  if (j.failures() > 0) rows.push_back({"failures", count(j.failures())});
  return section("Journal", std::move(rows));
}

std::string requests(const v1::StatsResponse& s) {
  std::map<std::string, std::pair<std::uint64_t, std::string>> methods;  // answered OK, and the others
  for (const v1::MethodCount& m : s.requests()) {
    auto& [ok, others] = methods[m.method()];
    if (m.code() == 0)
      ok += m.count();
    else
      others += ", " + count(m.count()) + " with code " + std::to_string(m.code());
  }
  Rows rows;
  for (const auto& [name, counts] : methods)
    rows.push_back({name, count(counts.first) + " OK" + counts.second});
  return rows.empty() ? std::string() : section("Requests", std::move(rows));
}

std::string latencies(const v1::StatsResponse& s) {
  if (s.latencies().empty()) return "";
  Rows rows{{"", "count", "p50", "p99", "max"}};
  for (const v1::MethodLatency& l : s.latencies())
    rows.push_back({l.method(), count(l.count()), time(percentile_us(l, 0.5) * 1000),
                    time(percentile_us(l, 0.99) * 1000), time(l.max_us() * 1000)});
  return section("Time in the server, " + count(s.slow_requests()) + " slow", std::move(rows));
}

}  // namespace

std::uint64_t percentile_us(const v1::MethodLatency& latency, double quantile) {
  const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(latency.count())));
  std::uint64_t seen = 0;
  for (int i = 0; i < latency.buckets_size(); ++i) {
    seen += latency.buckets(i);
    if (seen >= rank && i < 63) return std::min(std::uint64_t{1} << i, latency.max_us());
  }
  return latency.max_us();
}

std::string stats_text(const v1::StatsResponse& stats) {
  std::string text =
      server(stats) + '\n' + data(stats) + '\n' + writer(stats) + '\n' + scans_and_watches(stats);
  if (stats.has_journal()) text.append(1, '\n').append(journal(stats));
  for (const std::string& of_methods : {requests(stats), latencies(stats)})
    if (!of_methods.empty()) text.append(1, '\n').append(of_methods);
  return text;
}

}  // namespace flashkv::kvctl
