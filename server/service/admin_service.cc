#include "server/service/admin_service.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "server/process/log.h"
#include "server/process/process_usage.h"
#include "server/service/method_table.h"
#include "server/service/validate.h"
#include "server/service/wire.h"

namespace flashkv {
namespace {

v1::ReadRmw rmw_of(ReadRmw rmw) {
  switch (rmw) {
    case ReadRmw::kNone:
      return v1::READ_RMW_NONE;
    case ReadRmw::kOne:
      return v1::READ_RMW_ONE;
    case ReadRmw::kTwo:
      return v1::READ_RMW_TWO;
    case ReadRmw::kLock:
      return v1::READ_RMW_LOCK;
  }
  return v1::READ_RMW_UNSPECIFIED;
}

void to_reply(const Histogram& h, v1::Distribution& to) {
  to.set_count(h.count());
  to.set_p50(h.percentile(0.5));
  to.set_p99(h.percentile(0.99));
  to.set_p999(h.percentile(0.999));
  to.set_max(h.max());
}

void to_reply(const StoreStats& stats, v1::StatsResponse& to) {
  to.set_engine(std::string(stats.traits.name));
  to.set_guard(stats.guard);
  v1::EngineTraits& traits = *to.mutable_traits();
  traits.set_atomic_batch(stats.traits.atomic_batch);
  traits.set_linearizable(stats.traits.linearizable);
  traits.set_ordered(stats.traits.ordered);
  traits.set_bounded_garbage(stats.traits.bounded_garbage);
  traits.set_read_rmw(rmw_of(stats.traits.read_rmw));
  to.set_keys(stats.engine.keys);
  to.set_record_bytes(stats.engine.record_bytes);
  to.set_index_bytes(stats.engine.index_bytes);
  to.set_retired_bytes(stats.engine.retired_bytes);
  to.set_leaked_bytes(stats.engine.leaked_bytes);
  to.set_published_revision(stats.published_revision);
  to.set_assigned_revision(stats.assigned_revision);
}

void to_reply(const WriterStatsView& writer, v1::StatsResponse& to) {
  to.set_queue_requests(writer.queue_requests);
  to.set_queue_bytes(writer.queue_bytes);
  to.set_applied_requests(writer.applied_requests);
  to.set_applied_ops(writer.applied_ops);
  to.set_rejected_requests(std::accumulate(writer.rejected.begin(), writer.rejected.end(),
                                           writer.refused_full + writer.refused_stopping));
  to.set_expired_keys(writer.expired_keys);
  to.set_waiting_bytes(writer.waiting_bytes);
  to.set_ordered_bytes(writer.ordered_bytes);
  to.set_pins(writer.pins);
  to.set_pinned_bytes(writer.pinned_bytes);
  to.set_oldest_pin_revision(writer.oldest_pin);
  to.set_oldest_pin_ms(writer.oldest_pin_ns / kNanosPerMilli);
  to.set_pins_taken(writer.pins_taken);
  to.set_pins_revoked(writer.pins_revoked);
  to.set_publishes(writer.publishes);
  to.set_deferrals(writer.deferrals);
  to_reply(writer.batch_ops, *to.mutable_batch_ops());
  to_reply(writer.wait_ns, *to.mutable_writer_wait_ns());
  to_reply(writer.publish_ns, *to.mutable_publish_ns());
  to_reply(writer.publish_lag_ns, *to.mutable_publish_lag_ns());
}

void to_reply(const JournalStats& journal, v1::Journal& to) {
  if (journal.failing) to.set_failure(journal.failure);
  to.set_written_revision(journal.counts.written_revision);
  to.set_synced_revision(journal.counts.synced_revision);
  to.set_waiting_bytes(journal.waiting_bytes);
  to.set_waiting_bytes_limit(journal.waiting_bytes_limit);
  to.set_disk_bytes(journal.disk_bytes);
  to.set_batches(journal.counts.batches);
  to.set_changes(journal.counts.entries);
  to.set_syncs(journal.counts.syncs);
  to.set_failures(journal.counts.failures);
  to.set_last_sync_ns(static_cast<std::uint64_t>(journal.counts.last_sync_ns));
  to.set_longest_sync_ns(static_cast<std::uint64_t>(journal.counts.longest_sync_ns));
}

void to_reply(const StoreLimits& limits, v1::StatsResponse& to) {
  to.set_queue_requests_limit(limits.max_queue_requests);
  to.set_queue_bytes_limit(limits.max_queue_bytes);
  to.set_retired_bytes_limit(limits.max_retired_bytes);
  to.set_pins_limit(limits.max_pins);
  to.set_pinned_bytes_limit(limits.max_pinned_bytes);
}

void to_reply(const MethodCounts& counts, v1::StatsResponse& to) {
  to.clear_requests();
  for (std::size_t m = 0; m < kMaxMethods; ++m) {
    for (std::size_t c = 0; c < kCodes; ++c) {
      if (counts[m][c] == 0) continue;
      v1::MethodCount& count = *to.add_requests();
      count.set_method(std::string(method_name(static_cast<MethodId>(m))));
      count.set_code(static_cast<std::int32_t>(c));
      count.set_count(counts[m][c]);
    }
  }
}

void to_reply(const MethodLatencies& latencies, v1::StatsResponse& to) {
  to.clear_latencies();
  for (std::size_t m = 0; m < kMaxMethods; ++m) {
    const MethodLatency& from = latencies[m];
    const auto count = std::accumulate(from.buckets.begin(), from.buckets.end(), std::uint64_t{0});
    if (count == 0) continue;
    v1::MethodLatency& latency = *to.add_latencies();
    latency.set_method(std::string(method_name(static_cast<MethodId>(m))));
    latency.set_count(count);
    latency.set_total_us(from.total_ns / kNanosPerMicro);
    latency.set_max_us(from.max_ns / kNanosPerMicro);
    latency.mutable_buckets()->Add(from.buckets.begin(), from.buckets.end());
  }
}

void to_reply(const ProcessUsage& usage, v1::StatsResponse& to) {
  to.set_cpu_user_us(usage.user_cpu_us);
  to.set_cpu_system_us(usage.system_cpu_us);
  to.set_rss_bytes(usage.resident_bytes);
  to.set_uptime_ms(usage.uptime_ms);
}

// Any message with PublishPolicy's fields.
template <typename M>
void to_reply(const PublishPolicy& policy, M& to) {
  to.set_interval_us(static_cast<std::uint64_t>(policy.interval / kNanosPerMicro));
  to.set_max_batch(policy.max_batch);
  to.set_adaptive(policy.adaptive);
}

}  // namespace

void AdminService::set_header(std::uint64_t revision, v1::ResponseHeader& header) const {
  header.set_revision(revision);
  header.set_store_id(store_.store_id());
}

Status AdminService::stats(v1::StatsResponse& reply) const {
  const StoreStats stats = store_.stats();
  set_header(stats.published_revision, *reply.mutable_header());
  reply.set_version(FLASHKV_VERSION);
  to_reply(stats, reply);
  to_reply(stats.writer, reply);
  to_reply(store_.limits(), reply);
  reply.set_ordered_index(store_.has_ordered_index());
  to_reply(stats.policy, *reply.mutable_policy());
  if (stats.journal.on) to_reply(stats.journal, *reply.mutable_journal());
  add_watches(stats, reply);
  to_reply(counts_(), reply);
  to_reply(meters_.latencies(), reply);
  reply.set_slow_requests(meters_.slow_log().total());
  to_reply(process_usage(), reply);
  reply.set_request_threads(request_threads_);
  return {};
}

void AdminService::add_watches(const StoreStats& stats, v1::StatsResponse& to) const {
  const WatchNumbers n = watches_ != nullptr ? watches_->sum() : WatchNumbers{};
  to.set_watches(n.watches);
  to.set_watches_limit(max_watches_);
  to.set_watches_behind(n.behind);
  to.set_watch_lag(stats.published_revision - std::min(n.oldest, stats.published_revision));
  to.set_watch_buffered_bytes(n.buffered_bytes);
  const WatchHistory& history = store_.history();
  to.set_watch_history_bytes(history.bytes());
  to.set_watch_history_limit(history.max_bytes());
  to.set_watch_history_events(history.events());
  to.set_compact_revision(history.compact_revision());
}

Status AdminService::get_policy(v1::GetPublishPolicyResponse& reply) const {
  set_header(store_.published_revision(), *reply.mutable_header());
  to_reply(store_.policy(), reply);
  return {};
}

Started AdminService::set_policy(const v1::SetPublishPolicyRequest& request, PendingCall& call) {
  if (Status s = validate(request); !s.ok()) return {std::move(s)};
  call.kind = RequestKind::kSetPolicy;
  call.policy = to_policy(request);
  return submit(store_, call);
}

Status AdminService::finish_set_policy(const PendingCall& call, v1::SetPublishPolicyResponse& reply) const {
  set_header(store_.published_revision(), *reply.mutable_header());
  to_reply(call.policy, reply);
  return call.status;
}

Started AdminService::publish(PendingCall& call) {
  call.kind = RequestKind::kPublish;
  return submit(store_, call);
}

Status AdminService::finish_publish(const PendingCall& call, v1::PublishResponse& reply) const {
  set_header(call.revision, *reply.mutable_header());
  reply.set_revision(call.revision);
  return call.status;
}

Status AdminService::slow_log(const v1::SlowLogRequest& request, v1::SlowLogResponse& reply) {
  set_header(store_.published_revision(), *reply.mutable_header());
  const SlowLog::Latest latest = meters_.slow_log().read(request.limit(), request.reset());
  reply.clear_entries();
  for (const SlowRequest& from : latest.requests) {
    v1::SlowLogEntry& entry = *reply.add_entries();
    entry.set_id(from.id);
    entry.set_at_ms(from.came / kNanosPerMilli);
    entry.set_method(std::string(method_name(from.method)));
    entry.set_duration_us(static_cast<std::uint64_t>(from.took / kNanosPerMicro));
    entry.set_code(static_cast<std::int32_t>(from.code));
    entry.set_request_bytes(from.request_bytes);
    entry.set_reply_bytes(from.reply_bytes);
  }
  reply.set_threshold_us(static_cast<std::uint64_t>(meters_.slow_log().threshold() / kNanosPerMicro));
  reply.set_total(latest.total);
  return {};
}

Status AdminService::set_log_level(const v1::SetLogLevelRequest& request, v1::SetLogLevelResponse& reply) {
  const auto level = log::parse_level(request.level());
  if (!level) {
    return {Code::kInvalidArgument, "level: unknown; allowed: " + std::string(log::kLevelNames)};
  }
  set_header(store_.published_revision(), *reply.mutable_header());
  reply.set_previous(std::string(log::name(log::change_level(*level))));
  return {};
}

}  // namespace flashkv
