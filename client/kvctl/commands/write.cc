// put, append, incr and del.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/output.h"

namespace flashkv::kvctl {
namespace {

// Returns false with errno set.
bool read_all(int from, std::string& to) {
  std::array<char, 65'536> part;
  for (;;) {
    const ssize_t n = ::read(from, part.data(), part.size());
    if (n == 0) return true;
    if (n < 0 && errno == EINTR && interrupted == 0) continue;
    if (n < 0) return false;
    to.append(part.data(), static_cast<std::size_t>(n));
  }
}

// Reads the value from the argument, a file or standard input. Returns false after an error message.
bool read_value(const Settings& settings, const std::optional<std::string>& argument, const std::string& file,
                std::string& value) {
  if (argument && *argument != "-") {
    value = *argument;
    return true;
  }
  if (argument && settings.stdin_is_script) {
    complain(kScriptOnStdin);
    return false;
  }
  const int from = argument ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool read = from >= 0 && read_all(from, value);
  if (!read) {
    complain("cannot read " + (argument ? "standard input" : "\"" + file + "\"") + ": " +
             std::string(std::strerror(errno)) + "; nothing was written");
  }
  if (from > STDIN_FILENO) ::close(from);
  return read;
}

}  // namespace

int run_put(client::Client& client, const Settings& settings) {
  const PutSettings& put = settings.put;
  std::string value;
  if (!read_value(settings, put.value, put.file, value)) return kUsage;
  auto done = client.put(put.key, value, put.options);
  if (!done) return fail(done.error(), settings);
  const Output output(settings.format);
  if (done->prev_kv) output.key_values({*done->prev_kv}, false, false);
  if (!done->succeeded) {
    complain("the condition does not hold; nothing was written");
    return kNotFound;
  }
  std::optional<InterruptScope> ctrl_c;
  if (put.keepalive) ctrl_c.emplace();  // whoever has read OK may end it
  if (!put.options.prev_kv || settings.format != Format::kSimple)
    output.answer("result", "OK", done->revision);
  return put.keepalive ? keep_alive(client, settings, done->revision) : kDone;
}

int run_append(client::Client& client, const Settings& settings) {
  const AppendSettings& append = settings.append;
  std::string value;
  if (!read_value(settings, append.value, append.file, value)) return kUsage;
  auto done = client.append(append.key, value, append.ack);
  if (!done) return fail(done.error(), settings);
  Output(settings.format).answer("length", std::to_string(done->length), done->revision);
  return kDone;
}

int run_incr(client::Client& client, const Settings& settings) {
  auto done = client.increment(settings.incr.key, settings.incr.delta, settings.incr.options);
  if (!done) return fail(done.error(), settings);
  Output(settings.format).answer("value", std::to_string(done->value), done->revision);
  return kDone;
}

int run_del(client::Client& client, const Settings& settings) {
  if (settings.del.keys.empty()) return run_del_range(client, settings);
  const Output output(settings.format);
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
