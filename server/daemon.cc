#include "server/daemon.h"

#include <utility>

#include "server/front/grpc/grpc_server.h"
#include "server/process/file_limit.h"
#include "server/process/listen_check.h"
#include "server/process/log.h"
#include "server/process/process_usage.h"

namespace flashkv {

Status Daemon::start() {
  process_usage();
  if (std::string refusal = listen_refusal(config_.listen); !refusal.empty()) {
    return {Code::kUnavailable, std::move(refusal)};
  }
  if (std::string refusal = socket_lock_.take(config_.listen); !refusal.empty()) {
    return {Code::kUnavailable, std::move(refusal)};
  }
  lower_connections();
  if (const Status s = open_store(); !s.ok()) return s;
  kv_ = std::make_unique<KvService>(*store_, config_.limits);
  admin_ = std::make_unique<AdminService>(*store_, config_.threads, config_.limits);
  admin_->count_watches_with(kv_->watch_counts(), config_.limits.max_watches);
  const Services services{*store_, *kv_, *admin_, health_, *config_.store.clock};
  fronts_ = std::make_unique<FrontSet>();
  fronts_->add(std::make_unique<GrpcServer>(config_, services));
  admin_->count_requests_with([this] { return fronts_->counts(); });
  store_->start();
  health_.set_serving(true);
  Status started = fronts_->start();
  if (!started.ok()) {
    store_->stop(0);
    fronts_.reset();
    store_.reset();
  }
  return started;
}

Status Daemon::open_store() {
  constexpr Nanos kProgressGap = 2'000 * kNanosPerMilli;
  Nanos shown = config_.store.clock->now();
  config_.store.load_threads = config_.threads;
  config_.store.on_load = [this, &shown](std::uint64_t records, std::uint64_t expected) {
    const Nanos now = config_.store.clock->now();
    if (now - shown < kProgressGap) return;
    shown = now;
    log::write(log::Level::kInfo, "loading",
               {{"records", std::to_string(records)}, {"of_about", std::to_string(expected)}});
  };
  config_.store.on_journal = [this](const std::string& failure) {
    health_.set_journal(failure.empty());
    if (failure.empty())
      log::write(log::Level::kWarning, "the journal works again");
    else
      log::write(log::Level::kError, "the journal fails; reads go on", {{"reason", failure}});
  };
  if (!config_.store.data_dir.empty()) health_.set_journal(true);
  Status why;
  store_ = Store::open(config_.store, why);
  return why;
}

void Daemon::lower_connections() {
  const FileLimit limit = raise_file_limit();
  if (config_.max_connections <= limit.connections) return;
  log::write(log::Level::kWarning,
             "--max-connections lowered: the limit on open files (ulimit -n) allows no more",
             {{"asked", std::to_string(config_.max_connections)},
              {"allowed", std::to_string(limit.connections)},
              {"open_files", std::to_string(limit.open_files)}});
  config_.max_connections = limit.connections;
}

bool Daemon::stop() {
  if (!store_) return true;
  bool clean = fronts_->drain(health_, *store_, *config_.store.clock, config_.drain_timeout);
  if (const std::string failure = store_->journal_failure(); !failure.empty()) {
    log::write(log::Level::kError, "the last changes are not in the data folder", {{"reason", failure}});
    clean = false;
  }
  fronts_.reset();
  store_.reset();
  return clean;
}

}  // namespace flashkv
