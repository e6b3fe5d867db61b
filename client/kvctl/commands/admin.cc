// publish-policy, publish, health and version.
#include <cstdio>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"
#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {
namespace {

std::string text(bool value) { return value ? "true" : "false"; }
std::string text(std::uint64_t value) { return std::to_string(value); }

}  // namespace

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
  Output(settings.format)
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
    Output(settings.format).fields({{"revision", text(*revision)}});
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
    Output(settings.format).fields({{"status", word}});
  return serving ? kDone : kFailed;
}

int run_version(client::Client& client, const Settings& settings) {
  Rows rows{{"kvctl", FLASHKV_VERSION, true}};
  auto stats = client.stats();
  if (stats) rows.push_back({"kvd", (*stats)->version(), true});
  Output(settings.format).fields(rows);
  if (!stats) return fail(stats.error(), settings);
  return kDone;
}

}  // namespace flashkv::kvctl
