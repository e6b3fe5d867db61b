// stats.
#include <cstdio>

#include "client/kvctl/commands.h"
#include "client/kvctl/commands/stats_text.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"
#include "client/kvctl/text.h"
#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {
namespace {

std::string text(bool value) { return value ? "true" : "false"; }
std::string text(std::uint64_t value) { return std::to_string(value); }

void add(Rows& rows, const std::string& name, const v1::Distribution& d) {
  rows.push_back({name + "_p50", text(d.p50())});
  rows.push_back({name + "_p99", text(d.p99())});
  rows.push_back({name + "_p999", text(d.p999())});
  rows.push_back({name + "_max", text(d.max())});
}

void add(Rows& rows, const v1::Journal& j) {
  rows.push_back({"journal_failure", j.failure(), true});
  rows.push_back({"journal_written_revision", text(j.written_revision())});
  rows.push_back({"journal_synced_revision", text(j.synced_revision())});
  rows.push_back({"journal_waiting_bytes", text(j.waiting_bytes())});
  rows.push_back({"journal_waiting_bytes_limit", text(j.waiting_bytes_limit())});
  rows.push_back({"journal_disk_bytes", text(j.disk_bytes())});
  rows.push_back({"journal_batches", text(j.batches())});
  rows.push_back({"journal_changes", text(j.changes())});
  rows.push_back({"journal_syncs", text(j.syncs())});
  rows.push_back({"journal_failures", text(j.failures())});
  rows.push_back({"journal_last_sync_ns", text(j.last_sync_ns())});
  rows.push_back({"journal_longest_sync_ns", text(j.longest_sync_ns())});
}

// Of a server that counts it.
void add_memory(Rows& rows, const v1::StatsResponse& s) {
  if (s.memory_limit_source().empty()) return;
  rows.push_back({"memory_used_bytes", text(s.memory_used_bytes())});
  rows.push_back({"memory_limit_bytes", text(s.memory_limit_bytes())});
  rows.push_back({"memory_limit_source", s.memory_limit_source(), true});
  rows.push_back({"eviction", s.eviction(), true});
  rows.push_back({"evicted_keys", text(s.evicted_keys())});
  rows.push_back({"memory_refusals", text(s.memory_refusals())});
}

void add(Rows& rows, const v1::MethodLatency& l) {
  const std::string name = "latency_us_" + l.method();
  rows.push_back({name + "_count", text(l.count())});
  rows.push_back({name + "_p50", text(percentile_us(l, 0.5))});
  rows.push_back({name + "_p99", text(percentile_us(l, 0.99))});
  rows.push_back({name + "_max", text(l.max_us())});
}

std::string rmw_name(v1::ReadRmw rmw) {
  switch (rmw) {
    case v1::READ_RMW_NONE:
      return "none";
    case v1::READ_RMW_ONE:
      return "one";
    case v1::READ_RMW_TWO:
      return "two";
    case v1::READ_RMW_LOCK:
      return "lock";
    default:
      return "unknown";
  }
}

}  // namespace

Rows stats_rows(const v1::StatsResponse& s) {
  Rows rows{{"version", s.version(), true},
            {"engine", s.engine(), true},
            {"guard", s.guard(), true},
            {"atomic_batch", text(s.traits().atomic_batch())},
            {"linearizable", text(s.traits().linearizable())},
            {"ordered", text(s.traits().ordered())},
            {"bounded_garbage", text(s.traits().bounded_garbage())},
            {"read_rmw", rmw_name(s.traits().read_rmw())},
            {"store_id", text(s.header().store_id()), true},
            {"keys", text(s.keys())},
            {"record_bytes", text(s.record_bytes())},
            {"index_bytes", text(s.index_bytes())},
            {"retired_bytes", text(s.retired_bytes())},
            {"leaked_bytes", text(s.leaked_bytes())},
            {"waiting_bytes", text(s.waiting_bytes())},
            {"retired_bytes_limit", text(s.retired_bytes_limit())},
            {"ordered_index", text(s.ordered_index())},
            {"ordered_bytes", text(s.ordered_bytes())},
            {"pins", text(s.pins())},
            {"pins_limit", text(s.pins_limit())},
            {"pinned_bytes", text(s.pinned_bytes())},
            {"pinned_bytes_limit", text(s.pinned_bytes_limit())},
            {"oldest_pin_revision", text(s.oldest_pin_revision())},
            {"oldest_pin_ms", text(s.oldest_pin_ms())},
            {"pins_taken", text(s.pins_taken())},
            {"pins_revoked", text(s.pins_revoked())},
            {"published_revision", text(s.published_revision())},
            {"assigned_revision", text(s.assigned_revision())},
            {"queue_requests", text(s.queue_requests())},
            {"queue_requests_limit", text(s.queue_requests_limit())},
            {"queue_bytes", text(s.queue_bytes())},
            {"queue_bytes_limit", text(s.queue_bytes_limit())},
            {"applied_requests", text(s.applied_requests())},
            {"applied_ops", text(s.applied_ops())},
            {"rejected_requests", text(s.rejected_requests())},
            {"expired_keys", text(s.expired_keys())},
            {"publishes", text(s.publishes())},
            {"deferrals", text(s.deferrals())},
            {"watches", text(s.watches())},
            {"watches_limit", text(s.watches_limit())},
            {"watches_behind", text(s.watches_behind())},
            {"watch_lag", text(s.watch_lag())},
            {"watch_buffered_bytes", text(s.watch_buffered_bytes())},
            {"watch_history_bytes", text(s.watch_history_bytes())},
            {"watch_history_limit", text(s.watch_history_limit())},
            {"watch_history_events", text(s.watch_history_events())},
            {"compact_revision", text(s.compact_revision())}};
  if (s.has_journal()) add(rows, s.journal());
  add_memory(rows, s);
  add(rows, "batch_ops", s.batch_ops());
  add(rows, "writer_wait_ns", s.writer_wait_ns());
  add(rows, "publish_ns", s.publish_ns());
  add(rows, "publish_lag_ns", s.publish_lag_ns());
  rows.push_back({"publish_interval_us", text(s.policy().interval_us())});
  rows.push_back({"publish_max_batch", text(s.policy().max_batch())});
  rows.push_back({"publish_adaptive", text(s.policy().adaptive())});
  for (const v1::MethodCount& m : s.requests())
    rows.push_back({"requests_" + m.method() + "_" + std::to_string(m.code()), text(m.count())});
  for (const v1::MethodLatency& l : s.latencies()) add(rows, l);
  rows.push_back({"slow_requests", text(s.slow_requests())});
  rows.push_back({"cpu_user_us", text(s.cpu_user_us())});
  rows.push_back({"cpu_system_us", text(s.cpu_system_us())});
  rows.push_back({"rss_bytes", text(s.rss_bytes())});
  rows.push_back({"uptime_ms", text(s.uptime_ms())});
  rows.push_back({"request_threads", text(s.request_threads())});
  return rows;
}

int run_stats(client::Client& client, const Settings& settings) {
  auto stats = client.stats();
  if (!stats) return fail(stats.error(), settings);
  if (settings.format == Format::kJson || settings.raw_stats)
    Output(settings.format).fields(stats_rows(**stats));
  else
    std::fputs(stats_text(**stats).c_str(), stdout);
  return kDone;
}

}  // namespace flashkv::kvctl
