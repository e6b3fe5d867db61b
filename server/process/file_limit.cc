#include "server/process/file_limit.h"

#include <sys/resource.h>

namespace flashkv {
namespace {

// Logs, queues' wake-ups, timers, the listener.
constexpr std::uint64_t kOtherFiles = 256;

}  // namespace

bool raise_file_limit(std::uint64_t connections, std::uint64_t& limit) noexcept {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return true;
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) getrlimit(RLIMIT_NOFILE, &files);
  limit = files.rlim_cur;
  return limit >= connections + kOtherFiles;
}

}  // namespace flashkv
