// A store's journal: its folder, its thread, and the two ends of the queue between.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "storage/journal/journal_pump.h"
#include "storage/journal/rocks_disk.h"

namespace flashkv {

// Purpose: opens the folder, then writes to it on a thread of its own until stop().
// Usage:   auto journal = Journal::open(folder, policy, new_id, clock, why);  if (!journal) return why;
//          journal->disk().load(threads, take);  journal->start();  ...;  bool all_synced = journal->stop();
// Threads: the owner's; pump() as it says.
// Lifetime: the writer that feeds the pump has ended when stop() is called.
// Errors:  start() throws std::system_error when no thread can be created.
class Journal {
 public:
  static std::unique_ptr<Journal> open(const std::string& folder, SyncPolicy policy,
                                       std::uint64_t new_store_id, const Clock& clock, Status& why);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  // What was handed over and not yet written is lost, where the thread still runs: call stop().
  ~Journal() {
    pump_.stop();
    if (thread_.joinable()) thread_.join();
  }

  RocksDisk& disk() noexcept { return *disk_; }
  const RocksDisk& disk() const noexcept { return *disk_; }
  JournalPump& pump() noexcept { return pump_; }
  const JournalPump& pump() const noexcept { return pump_; }

  void start();
  // Writes and syncs what was handed over. False: the disk failed; pump().failure() says why.
  bool stop() noexcept;

 private:
  Journal(std::unique_ptr<RocksDisk> disk, SyncPolicy policy, const Clock& clock) noexcept;

  const std::unique_ptr<RocksDisk> disk_;
  JournalPump pump_;
  std::thread thread_;
};

}  // namespace flashkv
