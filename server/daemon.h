// kvd without its command line: the store, the services and the fronts, wired together.
#pragma once

#include <memory>
#include <string>

#include "server/config/config.h"
#include "server/front/front_set.h"
#include "server/process/socket_lock.h"
#include "server/service/admin_service.h"
#include "server/service/kv_service.h"

namespace flashkv {

// Purpose: opens everything in order of dependence and stops it in an order that loses nothing.
// Usage:   Daemon daemon(config); if (Status s = daemon.start(); !s.ok()) return s;
//          ... daemon.stop();
// Threads: its owner's.
// Errors:  start(): INVALID_ARGUMENT for the store's options, UNAVAILABLE for an address it cannot listen on.
class Daemon {
 public:
  explicit Daemon(Config config) : config_(std::move(config)) {}
  ~Daemon() { stop(); }

  Status start();
  // Sets health to NOT_SERVING, ends streams, applies and answers what is queued, and waits for calls in
  // flight, all within the drain timeout. Returns false if a reader was stuck or calls had to be cancelled.
  bool stop();

  // The first front's.
  const std::string& address() const { return fronts_->all().front()->address(); }
  Store& store() { return *store_; }

 private:
  // Reads what the data folder holds, if there is one, and logs how far it has come.
  Status open_store();
  // Lowers max_connections to what the limit on open files allows, with a warning.
  void lower_connections();

  Config config_;
  SocketLock socket_lock_;  // until the fronts are gone
  HealthState health_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<KvService> kv_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<FrontSet> fronts_;
};

}  // namespace flashkv
