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
  Status why;
  store_ = Store::open(config_.store, why);
  if (!store_) return why;
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
  const bool clean = fronts_->drain(health_, *store_, *config_.store.clock, config_.drain_timeout);
  fronts_.reset();
  store_.reset();
  return clean;
}

}  // namespace flashkv
