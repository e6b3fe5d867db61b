// expire and ttl.
#include <algorithm>
#include <chrono>
#include <string>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"
#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using std::chrono::milliseconds;

milliseconds unix_now() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace

int run_expire(client::Client& client, const Settings& settings) {
  auto done = client.expire(settings.expire.key, settings.expire.ttl_ms, settings.expire.ack);
  if (!done) return fail(done.error(), settings);
  if (!done->found) return kNotFound;
  Output(settings.format).answer("result", "OK", done->revision);
  return kDone;
}

int run_ttl(client::Client& client, const Settings& settings) {
  auto got = client.get(settings.read.keys.front(), {.keys_only = true});
  if (!got) return fail(got.error(), settings);
  if (!got->kv) return kNotFound;
  const Output output(settings.format);
  const bool never = got->kv->expires_at_ms == 0;
  // By this machine's clock, which may be ahead of the server's.
  const milliseconds left = std::max(milliseconds(got->kv->expires_at_ms) - unix_now(), milliseconds(0));
  if (settings.format == Format::kJson)
    output.answer("ttl_ms", never ? "null" : std::to_string(left.count()), got->revision);
  else
    output.answer("ttl", never ? "never" : format_duration(left), got->revision);
  return kDone;
}

}  // namespace flashkv::kvctl
