#include "storage/journal/journal.h"

#include <pthread.h>

#include <utility>

namespace flashkv {

Journal::Journal(std::unique_ptr<RocksDisk> disk, SyncPolicy policy, const Clock& clock) noexcept
    : disk_(std::move(disk)), pump_(*disk_, policy, disk_->revision(), clock) {}

std::unique_ptr<Journal> Journal::open(const std::string& folder, SyncPolicy policy,
                                       std::uint64_t new_store_id, const Clock& clock, Status& why) {
  std::unique_ptr<RocksDisk> disk = RocksDisk::open(folder, new_store_id, why);
  if (!disk) return nullptr;
  return std::unique_ptr<Journal>(new Journal(std::move(disk), policy, clock));
}

void Journal::start() {
  if (thread_.joinable()) return;
  thread_ = std::thread([this] {
    while (!pump_.stopping()) pump_.wait_until(pump_.step());
  });
  pthread_setname_np(thread_.native_handle(), "kv-journal");
}

bool Journal::stop() noexcept {
  pump_.stop();
  if (thread_.joinable()) thread_.join();
  return pump_.finish();
}

}  // namespace flashkv
