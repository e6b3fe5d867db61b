// slowlog and log-level.
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"
#include "client/kvctl/text.h"
#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {
namespace {

void print_lines(const v1::SlowLogResponse& log) {
  for (const v1::SlowLogEntry& e : log.entries())
    std::printf("%s\n",
                (std::to_string(e.id()) + ' ' + std::to_string(e.at_ms()) + ' ' + printable(e.method()) +
                 ' ' + std::to_string(e.duration_us()) + ' ' + std::to_string(e.code()) + ' ' +
                 std::to_string(e.request_bytes()) + ' ' + std::to_string(e.reply_bytes()))
                    .c_str());
}

void print_json(const v1::SlowLogResponse& log) {
  for (const v1::SlowLogEntry& e : log.entries()) {
    nlohmann::ordered_json object;
    object["id"] = e.id();
    object["at_ms"] = e.at_ms();
    object["method"] = e.method();
    object["duration_us"] = e.duration_us();
    object["code"] = e.code();
    object["request_bytes"] = e.request_bytes();
    object["reply_bytes"] = e.reply_bytes();
    std::printf("%s\n", object.dump().c_str());
  }
}

void print_table(const v1::SlowLogResponse& log) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::vector<std::vector<std::string>> rows{{"ID", "WHEN", "METHOD", "TOOK", "CODE", "REQUEST", "REPLY"}};
  for (const v1::SlowLogEntry& e : log.entries())
    rows.push_back({std::to_string(e.id()), format_ago(now - std::chrono::milliseconds(e.at_ms())),
                    printable(e.method()), format_nanoseconds(e.duration_us() * 1000),
                    e.code() == 0 ? "OK" : std::to_string(e.code()), format_bytes(e.request_bytes()),
                    format_bytes(e.reply_bytes())});
  const std::string text = table(rows) + format_count(log.total()) + " since the start took " +
                           format_nanoseconds(log.threshold_us() * 1000) + " or longer\n";
  std::fputs(text.c_str(), stdout);
}

}  // namespace

int run_slowlog(client::Client& client, const Settings& settings) {
  auto log = client.slow_log(settings.slow_log.limit, settings.slow_log.reset);
  if (!log) return fail(log.error(), settings);
  if (settings.format == Format::kJson)
    print_json(**log);
  else if (settings.format == Format::kTable)
    print_table(**log);
  else
    print_lines(**log);
  return kDone;
}

int run_log_level(client::Client& client, const Settings& settings) {
  auto previous = client.set_log_level(settings.log_level);
  if (!previous) return fail(previous.error(), settings);
  if (settings.format == Format::kSimple)
    std::puts("OK");
  else
    Output(settings.format).fields({{"previous", *previous, true}});
  return kDone;
}

}  // namespace flashkv::kvctl
