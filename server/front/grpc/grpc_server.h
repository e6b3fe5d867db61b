// The gRPC front.
#pragma once

#include <memory>
#include <string>

#include "server/config/config.h"
#include "server/service/method.h"
#include "server/service/session.h"

namespace flashkv {

// Purpose: serves KV, Admin, health and reflection on one address with Config::threads request threads.
// Usage:   GrpcServer server(config, services); if (Status s = server.start(); !s.ok()) return s;
//          ... server.begin_drain(); store.stop(patience); server.stop(patience);
// Threads: start() and stop() by the owner; counts() by any.
// Lifetime: stop() before the store and the services go.
// Limits:  from Config: message size, streams a connection, connections (approximate), keepalive.
// Errors:  start(): UNAVAILABLE when the address cannot be bound.
class GrpcServer {
 public:
  GrpcServer(const Config& config, Services services);
  ~GrpcServer();

  Status start();
  // Where it listens, with the port that was chosen for port 0.
  const std::string& address() const noexcept { return address_; }
  MethodCounts counts() const;

  // Watchers of health are told, streams end once what they have read is answered.
  void begin_drain();
  // Takes no new call, waits at most `patience` until those in flight are answered, then closes the
  // connections, idle ones and reflection's streams included. The store must have stopped, so that none waits
  // for the writer. False: calls were cancelled.
  bool stop(Nanos patience);

 private:
  struct Wiring;
  const Config& config_;
  Services services_;
  std::string address_;
  std::unique_ptr<Wiring> wiring_;
};

}  // namespace flashkv
