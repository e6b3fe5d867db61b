// scan, keys and count.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "client/flashkv/scan.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"

namespace flashkv::kvctl {
namespace {

// Printed together: a table aligns the rows that it has.
constexpr std::size_t kRows = 1'000;

int print_keys(client::Client& client, const Settings& settings, const client::ScanOptions& options) {
  const Output output(settings.format);
  client::Scanner scan(client, settings.scan.range, options);
  std::vector<client::KeyValue> rows;
  const auto print = [&] {
    if (!rows.empty()) output.key_values(rows, true, options.keys_only);
    rows.clear();
    return std::ferror(stdout) == 0;
  };
  while (const client::KeyValue* kv = scan.next()) {
    rows.push_back(*kv);
    if (rows.size() == kRows && !print()) break;
  }
  print();
  if (const auto failed = scan.error()) {
    if (scan.count() > 0) complain("the output is not complete: the scan failed after some keys");
    return fail(*failed, settings);
  }
  return scan.count() > 0 ? kDone : kNotFound;
}

}  // namespace

int run_scan(client::Client& client, const Settings& settings) {
  return print_keys(client, settings, settings.scan.options);
}

int run_keys(client::Client& client, const Settings& settings) {
  client::ScanOptions options = settings.scan.options;
  options.keys_only = true;
  return print_keys(client, settings, options);
}

int run_count(client::Client& client, const Settings& settings) {
  auto counted = client.count(settings.scan.range, settings.scan.options.at_least_revision);
  if (!counted) return fail(counted.error(), settings);
  Output(settings.format).answer("count", std::to_string(counted->count), counted->revision);
  return counted->count > 0 ? kDone : kNotFound;
}

}  // namespace flashkv::kvctl
