// get and mget.
#include <set>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"
#include "client/kvctl/text.h"

namespace flashkv::kvctl {

int run_get(client::Client& client, const Settings& settings) {
  const ReadSettings& read = settings.read;
  auto got = client.get(read.keys.front(), read.options);
  if (!got) return fail(got.error(), settings);
  if (!got->kv) return kNotFound;
  Output(settings.format).key_values({*got->kv}, read.print_key, read.options.keys_only);
  return kDone;
}

int run_mget(client::Client& client, const Settings& settings) {
  const ReadSettings& read = settings.read;
  auto got = client.multi_get(read.keys, read.options);
  if (!got) return fail(got.error(), settings);
  std::vector<client::KeyValue> found;
  std::set<std::string_view> missing;
  for (std::size_t i = 0; i < read.keys.size(); ++i) {
    if (auto& kv = got->kvs[i])
      found.push_back(std::move(*kv));
    else if (missing.insert(read.keys[i]).second)
      complain("no such key: " + quoted_unless_printable(read.keys[i]));
  }
  if (!found.empty()) Output(settings.format).key_values(found, true, read.options.keys_only);
  return missing.empty() ? kDone : kNotFound;
}

}  // namespace flashkv::kvctl
