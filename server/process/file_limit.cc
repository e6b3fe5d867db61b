#include "server/process/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace flashkv {
namespace {

// Reserved for the log, the listener, and the pollers' timers and wake-ups.
constexpr std::uint64_t kOtherFiles = 256;

}  // namespace

FileLimit raise_file_limit() noexcept {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return {RLIM_INFINITY, RLIM_INFINITY};
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) getrlimit(RLIMIT_NOFILE, &files);
  const std::uint64_t open_files = files.rlim_cur;
  // A limit below twice the reserve is split in half.
  return {open_files, open_files - std::min(kOtherFiles, open_files / 2)};
}

}  // namespace flashkv
