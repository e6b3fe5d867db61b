// export: writes the keys and values of one revision as lines that import reads.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "client/flashkv/scan.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/progress.h"
#include "client/kvctl/records/writer.h"
#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

constexpr std::size_t kBufferBytes = 65'536;
constexpr int kInterrupted = 130;

std::int64_t now_ms() {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Purpose: a file that is opened, and so emptied, by its first write: not when the server cannot be reached.
// Threads: one.
// Errors:  write() and close() return false with errno set.
class LateFile {
 public:
  explicit LateFile(std::string path) : path_(std::move(path)) {
    if (path_ == "-") to_ = STDOUT_FILENO;
  }
  LateFile(const LateFile&) = delete;
  LateFile& operator=(const LateFile&) = delete;
  ~LateFile() { close(); }

  bool write(const std::string& bytes) {
    if (to_ < 0) to_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (to_ < 0) return false;
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t n = ::write(to_, bytes.data() + at, bytes.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }
  bool close() {
    if (to_ <= STDOUT_FILENO) return true;
    return ::close(std::exchange(to_, -1)) == 0;
  }

 private:
  const std::string path_;
  int to_ = -1;
};

}  // namespace

int run_export(client::Client& client, const Settings& settings) {
  const ExportSettings& wanted = settings.exported;
  const InterruptScope ctrl_c;
  std::uint64_t total = 0;
  if (!settings.quiet) {  // for the time left; a little off where others write
    auto counted = client.count(wanted.range);
    if (counted) total = counted->count;
  }
  Progress progress({.what = "export", .total = total, .quiet = settings.quiet});
  client::Scanner scan(client, wanted.range, {});
  LateFile file(wanted.file);
  const RecordWriter writer(format_named(wanted.format).value_or(format_of_file(wanted.file)));
  std::string lines = writer.heading();
  std::string why;
  std::uint64_t written = 0;
  bool good = true;
  while (good && interrupted == 0) {
    const client::KeyValue* kv = scan.next();
    if (kv == nullptr) break;
    if (!writer.append(*kv, now_ms(), lines, why)) {
      why = "key " + quoted_unless_printable(kv->key) + ": " + why;
      break;
    }
    ++written;
    if (lines.size() >= kBufferBytes) {
      good = file.write(lines);
      lines.clear();
    }
    progress.at(written, written);
  }
  const auto failed = scan.error();
  if (good && (!failed || written > 0)) good = file.write(lines) && file.close();
  const int error = errno;
  progress.done();
  const std::string so_far = std::to_string(written) + " records were exported, the file is not complete";
  if (!good) {
    complain("cannot write \"" + wanted.file + "\": " + std::strerror(error) + "; " + so_far);
    return kFailed;
  }
  if (!why.empty()) {
    complain(why + "; " + so_far);
    return kUsage;
  }
  if (failed) {
    if (written > 0) complain(so_far);
    return fail(*failed, settings);
  }
  if (interrupted != 0) {
    complain("interrupted; " + so_far);
    return kInterrupted;
  }
  if (wanted.file != "-" && !settings.quiet)
    complain("exported " + std::to_string(written) + " records of revision " +
             std::to_string(scan.revision()));
  return written > 0 ? kDone : kNotFound;
}

}  // namespace flashkv::kvctl
