// get and mget.
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"

namespace flashkv::kvctl {

int run_get(client::Client& client, const Settings& settings) {
  const ReadSettings& read = settings.read;
  auto got = client.get(read.keys.front(), read.options);
  if (!got) return fail(got.error(), settings);
  if (!got->kv) return kNotFound;
  Output(settings.format, settings.utf8).key_values({*got->kv}, read.print_key, read.options.keys_only);
  return kDone;
}

int run_mget(client::Client& client, const Settings& settings) {
  const ReadSettings& read = settings.read;
  auto got = client.multi_get(read.keys, read.options);
  if (!got) return fail(got.error(), settings);
  std::vector<client::KeyValue> found;
  for (auto& kv : got->kvs)
    if (kv) found.push_back(std::move(*kv));
  const bool all = found.size() == read.keys.size();
  if (!found.empty()) Output(settings.format, settings.utf8).key_values(found, true, read.options.keys_only);
  return all ? kDone : kNotFound;
}

}  // namespace flashkv::kvctl
