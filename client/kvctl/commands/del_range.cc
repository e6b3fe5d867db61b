// del --prefix, --range and --all.
#include <algorithm>
#include <string>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/output.h"
#include "client/kvctl/progress.h"

namespace flashkv::kvctl {
namespace {

// Keys of one request: as many as the server deletes at a time.
constexpr std::uint64_t kStep = 10'000;
constexpr int kInterrupted = 130;

client::Result<client::DeleteResult> erase(client::Client& client, const client::KeyRange& range,
                                           const client::DeleteRangeOptions& options) {
  return range.prefix.empty() ? client.delete_range(range.start, range.end, options)
                              : client.delete_prefix(range.prefix, options);
}

}  // namespace

int run_del_range(client::Client& client, const Settings& settings) {
  const DelRangeSettings& del = settings.del_range;
  const Output output(settings.format);
  const InterruptScope ctrl_c;
  Progress progress({.what = "delete", .noun = "keys", .quiet = settings.quiet});
  // The least key is a single zero byte.
  const client::KeyRange range =
      del.all ? client::KeyRange{.prefix = {}, .start = std::string(1, '\0')} : del.range;
  const bool stepwise = del.all || del.limit != 0;
  std::uint64_t deleted = 0;
  std::uint64_t revision = 0;
  bool more = true;
  while (more && interrupted == 0 && (del.limit == 0 || deleted < del.limit)) {
    const std::uint64_t step = del.limit == 0 ? kStep : std::min(kStep, del.limit - deleted);
    auto done =
        erase(client, range,
              {.limit = stepwise ? step : 0, .prev_kv = settings.del.prev_kv, .ack = settings.del.ack});
    if (!done) {
      progress.done();
      if (deleted > 0) complain(std::to_string(deleted) + " keys were deleted before the failure");
      return fail(done.error(), settings);
    }
    deleted += done->deleted;
    revision = done->revision;
    more = done->more;
    output.key_values(done->prev_kvs, false, false);
    progress.at(deleted, 0);
  }
  progress.done();
  output.answer("deleted", std::to_string(deleted), revision);
  if (interrupted != 0) {
    complain("interrupted; there may be keys left");
    return kInterrupted;
  }
  return deleted > 0 || del.all ? kDone : kNotFound;
}

}  // namespace flashkv::kvctl
