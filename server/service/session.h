// One request thread's access to the services.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "server/service/health_state.h"
#include "server/service/request_meter.h"
#include "storage/store.h"

namespace flashkv {

class KvService;
class AdminService;
class WatchHub;

// The services behind a front; they outlive it.
struct Services {
  Store& store;
  KvService& kv;
  AdminService& admin;
  HealthState& health;
  const Clock& clock;
};

// Purpose: one thread's services, read handle and scratch space.
// Threads: one, which also opens and closes the reader.
class Session {
 public:
  explicit Session(Services services);

  void open_reader() { reader_ = services_.store.make_reader(); }
  void close_reader() {
    watch_hub.reset();
    reader_.reset();
  }

  const Store& store() const noexcept { return services_.store; }
  ReadHandle& reader() noexcept { return *reader_; }
  WatchHistory& history() noexcept { return services_.store.history(); }
  KvService& kv() noexcept { return services_.kv; }
  AdminService& admin() noexcept { return services_.admin; }
  HealthState& health() noexcept { return services_.health; }
  const Clock& clock() const noexcept { return services_.clock; }
  // Times this thread's requests.
  RequestMeter& meter() noexcept { return meter_; }

  // MultiGet's arguments; they keep their capacity.
  std::vector<std::string_view> keys;
  std::vector<Lookup> found;
  // Made for the first Watch stream; the streams share it.
  std::shared_ptr<WatchHub> watch_hub;

 private:
  Services services_;
  RequestMeter& meter_;
  std::unique_ptr<ReadHandle> reader_;
};

}  // namespace flashkv
