// stats, publish-policy, publish, health and version.
#include <cstdio>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"
#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {
namespace {

std::string text(bool value) { return value ? "true" : "false"; }
std::string text(std::uint64_t value) { return std::to_string(value); }

void add(Rows& rows, const std::string& name, const v1::Distribution& d) {
  rows.emplace_back(name + "_p50", text(d.p50()));
  rows.emplace_back(name + "_p99", text(d.p99()));
  rows.emplace_back(name + "_p999", text(d.p999()));
  rows.emplace_back(name + "_max", text(d.max()));
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
  Rows rows{{"version", s.version()},
            {"engine", s.engine()},
            {"guard", s.guard()},
            {"atomic_batch", text(s.traits().atomic_batch())},
            {"linearizable", text(s.traits().linearizable())},
            {"ordered", text(s.traits().ordered())},
            {"bounded_garbage", text(s.traits().bounded_garbage())},
            {"read_rmw", rmw_name(s.traits().read_rmw())},
            {"store_id", text(s.header().store_id())},
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
  add(rows, "batch_ops", s.batch_ops());
  add(rows, "writer_wait_ns", s.writer_wait_ns());
  add(rows, "publish_ns", s.publish_ns());
  add(rows, "publish_lag_ns", s.publish_lag_ns());
  rows.emplace_back("publish_interval_us", text(s.policy().interval_us()));
  rows.emplace_back("publish_max_batch", text(s.policy().max_batch()));
  rows.emplace_back("publish_adaptive", text(s.policy().adaptive()));
  for (const v1::MethodCount& m : s.requests())
    rows.emplace_back("requests_" + m.method() + "_" + std::to_string(m.code()), text(m.count()));
  rows.emplace_back("cpu_user_us", text(s.cpu_user_us()));
  rows.emplace_back("cpu_system_us", text(s.cpu_system_us()));
  rows.emplace_back("rss_bytes", text(s.rss_bytes()));
  rows.emplace_back("uptime_ms", text(s.uptime_ms()));
  rows.emplace_back("request_threads", text(s.request_threads()));
  return rows;
}

int run_stats(client::Client& client, const Settings& settings) {
  auto stats = client.stats();
  if (!stats) return fail(stats.error(), settings);
  Output(settings.format, settings.utf8).fields(stats_rows(**stats));
  return kDone;
}

int run_publish_policy(client::Client& client, const Settings& settings) {
  const PolicySettings& wanted = settings.policy;
  auto policy = client.publish_policy();
  if (policy && (wanted.interval || wanted.max_batch || wanted.adaptive)) {
    policy->interval = wanted.interval.value_or(policy->interval);
    policy->max_batch = wanted.max_batch.value_or(policy->max_batch);
    policy->adaptive = wanted.adaptive.value_or(policy->adaptive);
    policy = client.set_publish_policy(*policy);
  }
  if (!policy) return fail(policy.error(), settings);
  Output(settings.format, settings.utf8)
      .fields({{"interval_us", std::to_string(policy->interval.count())},
               {"max_batch", text(policy->max_batch)},
               {"adaptive", text(policy->adaptive)}});
  return kDone;
}

int run_publish(client::Client& client, const Settings& settings) {
  auto revision = client.publish();
  if (!revision) return fail(revision.error(), settings);
  if (settings.format == Format::kSimple)
    std::printf("%llu\n", static_cast<unsigned long long>(*revision));
  else
    Output(settings.format, settings.utf8).fields({{"revision", text(*revision)}});
  return kDone;
}

int run_health(client::Client& client, const Settings& settings) {
  auto health = client.health(settings.health_service);
  if (!health) return fail(health.error(), settings);
  const bool serving = *health == client::Health::kServing;
  const std::string word = serving                                  ? "SERVING"
                           : *health == client::Health::kNotServing ? "NOT_SERVING"
                                                                    : "UNKNOWN";
  if (settings.format == Format::kSimple)
    std::printf("%s\n", word.c_str());
  else
    Output(settings.format, settings.utf8).fields({{"status", word}});
  return serving ? kDone : kFailed;
}

int run_version(client::Client& client, const Settings& settings) {
  Rows rows{{"kvctl", FLASHKV_VERSION}};
  auto stats = client.stats();
  if (stats) rows.emplace_back("kvd", (*stats)->version());
  Output(settings.format, settings.utf8).fields(rows);
  if (!stats) return fail(stats.error(), settings);
  return kDone;
}

}  // namespace flashkv::kvctl
