#include "client/kvctl/top/json.h"

#include <nlohmann/json.hpp>

namespace flashkv::kvctl {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& n) { return n ? Json(*n) : Json(); }

void add_gauges(Json& to, const v1::StatsResponse& s) {
  to["store_id"] = std::to_string(s.header().store_id());
  to["uptime_ms"] = s.uptime_ms();
  to["keys"] = s.keys();
  to["published_revision"] = s.published_revision();
  to["assigned_revision"] = s.assigned_revision();
  to["queue_requests"] = s.queue_requests();
  to["queue_requests_limit"] = s.queue_requests_limit();
  to["queue_bytes"] = s.queue_bytes();
  to["queue_bytes_limit"] = s.queue_bytes_limit();
  const bool counted = counts_memory(s);
  to["memory_used_bytes"] = counted ? Json(s.memory_used_bytes()) : Json();
  to["memory_limit_bytes"] = counted ? Json(s.memory_limit_bytes()) : Json();
  to["rss_bytes"] = s.rss_bytes();
  to["record_bytes"] = s.record_bytes();
  to["index_bytes"] = s.index_bytes();
  to["retired_bytes"] = s.retired_bytes();
  to["ordered_bytes"] = s.ordered_bytes();
  to["watches"] = s.watches();
  to["watch_lag"] = s.watch_lag();
  to["pins"] = s.pins();
  to["pinned_bytes"] = s.pinned_bytes();
}

// Since the server's start.
void add(Json& to, const std::string& name, const v1::Distribution& d) {
  const bool any = d.count() != 0;
  to[name + "_p50"] = any ? Json(d.p50()) : Json();
  to[name + "_p99"] = any ? Json(d.p99()) : Json();
  to[name + "_max"] = any ? Json(d.max()) : Json();
}

Json methods_of(const Rates& rates) {
  Json methods = Json::array();
  for (const MethodRates& m : rates.methods) {
    const auto& l = m.latency;
    methods.push_back({{"method", m.name},
                       {"calls_per_second", number(m.calls)},
                       {"errors_per_second", number(m.errors)},
                       {"calls", m.total},
                       {"p50_us", l ? Json(l->p50) : Json()},
                       {"p99_us", l ? Json(l->p99) : Json()},
                       {"max_us", l ? Json(l->max) : Json()}});
  }
  return methods;
}

}  // namespace

std::string top_json(const TopView& view) {
  const Rates& r = view.rates;
  Json object;
  object["endpoint"] = view.endpoint;
  object["seconds"] = number(r.seconds);
  object["requests_per_second"] = number(r.requests);
  object["errors_per_second"] = number(r.errors);
  object["slow_per_second"] = number(r.slow);
  object["mutations_per_second"] = number(r.mutations);
  object["rejected_per_second"] = number(r.rejected);
  object["expired_per_second"] = number(r.expired);
  object["evicted_per_second"] = number(r.evicted);
  object["publishes_per_second"] = number(r.publishes);
  object["deferrals_per_second"] = number(r.deferrals);
  object["batch_ops_mean"] = number(r.batch_ops);
  object["processors"] = number(r.cpu);
  add_gauges(object, view.stats);
  add(object, "publish_lag_ns", view.stats.publish_lag_ns());
  add(object, "writer_wait_ns", view.stats.writer_wait_ns());
  add(object, "batch_ops", view.stats.batch_ops());
  object["methods"] = methods_of(r);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace flashkv::kvctl
