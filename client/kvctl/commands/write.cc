// put and del.
#include <fstream>
#include <iostream>
#include <iterator>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"

namespace flashkv::kvctl {
namespace {

std::string all_of(std::istream& in) { return {std::istreambuf_iterator<char>(in), {}}; }

// The value from the argument, a file or standard input; false after a complaint.
bool read_value(const PutSettings& put, std::string& value) {
  if (!put.file.empty()) {
    std::ifstream file(put.file, std::ios::binary);
    if (!file) {
      complain("cannot read " + put.file + "; --file names a file with the value");
      return false;
    }
    value = all_of(file);
  } else if (*put.value == "-") {
    value = all_of(std::cin);
  } else {
    value = *put.value;
  }
  return true;
}

}  // namespace

int run_put(client::Client& client, const Settings& settings) {
  const PutSettings& put = settings.put;
  std::string value;
  if (!read_value(put, value)) return kUsage;
  auto done = client.put(put.key, value, put.options);
  if (!done) return fail(done.error(), settings);
  const Output output(settings.format, settings.utf8);
  if (done->prev_kv) output.key_values({*done->prev_kv}, false, false);
  if (!done->succeeded) {
    complain("the condition does not hold; nothing was written");
    return kNotFound;
  }
  if (!put.options.prev_kv || settings.format != Format::kSimple)
    output.answer("result", "OK", done->revision);
  return kDone;
}

int run_del(client::Client& client, const Settings& settings) {
  const Output output(settings.format, settings.utf8);
  std::uint64_t deleted = 0;
  std::uint64_t revision = 0;
  for (const std::string& key : settings.del.keys) {
    auto done = client.del(key, settings.del.prev_kv, settings.del.ack);
    if (!done) {
      if (deleted > 0) complain(std::to_string(deleted) + " of the keys were deleted before the failure");
      return fail(done.error(), settings);
    }
    deleted += done->deleted;
    revision = done->revision;
    output.key_values(done->prev_kvs, false, false);
  }
  output.answer("deleted", std::to_string(deleted), revision);
  return deleted > 0 ? kDone : kNotFound;
}

}  // namespace flashkv::kvctl
