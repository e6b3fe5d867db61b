// The parsed command line, independent of the parser.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/flashkv/types.h"
#include "client/kvctl/range_settings.h"

namespace flashkv::kvctl {

enum class Format { kSimple, kTable, kJson };
enum class Command {
  kNone,
  kGet,
  kMget,
  kPut,
  kDel,
  kExpire,
  kTtl,
  kIncr,
  kAppend,
  kTxn,
  kWatch,
  kImport,
  kScan,
  kKeys,
  kCount,
  kExport,
  kBench,
  kStats,
  kTop,
  kPublishPolicy,
  kPublish,
  kSlowlog,
  kLogLevel,
  kHealth,
  kVersion,
  kShell,
  kCompletion,
  kHelp,
};

struct ReadSettings {
  std::vector<std::string> keys;
  bool print_key = false;
  client::GetOptions options;
};

struct PutSettings {
  std::string key;
  std::optional<std::string> value;  // "-" = standard input
  std::string file;
  client::PutOptions options;
  bool keepalive = false;  // renew the ttl until it is interrupted
};

struct DelSettings {
  std::vector<std::string> keys;
  bool prev_kv = false;
  client::Ack ack = client::Ack::kPublished;
};

struct ExpireSettings {
  std::string key;
  std::int64_t ttl_ms = 0;
  client::Ack ack = client::Ack::kPublished;
};

struct IncrSettings {
  std::string key;
  std::int64_t delta = 1;
  client::IncrementOptions options;
};

struct AppendSettings {
  std::string key;
  std::optional<std::string> value;  // "-" = standard input
  std::string file;
  client::Ack ack = client::Ack::kPublished;
};

struct TxnSettings {
  std::string file = "-";
  client::Ack ack = client::Ack::kPublished;
};

struct WatchSettings {
  std::string key;
  std::string prefix;
  std::vector<std::string> range;  // start and end
  bool all = false;                // the same as none of the three
  std::uint64_t from = 0;          // a revision; 0 = from now on
  bool prev_kv = false;
  std::uint64_t count = 0;  // events; 0 = until it is interrupted
};

struct ImportSettings {
  std::string file = "-";
  std::string format = "auto";  // by the name of the file
  bool skip_bad = false;
  std::uint64_t from_line = 1;  // the first line whose record is written
  std::size_t batch = 500;      // records per request
  std::size_t window = 16;      // unanswered requests
  client::Ack ack = client::Ack::kPublished;
};

enum class Distribution { kUniform, kZipf };

struct BenchSettings {
  unsigned clients = 1;        // threads, each with its own connections
  unsigned streams = 10;       // calls, or messages, in flight per client
  unsigned connections = 1;    // per client
  unsigned get_percent = 100;  // the rest are puts
  unsigned mget = 0;           // keys per MultiGet; 0 = use Get
  unsigned pipeline = 0;       // calls per message of a Pipeline stream; 0 = single calls
  std::uint64_t keys = 10'000;
  std::size_t key_size = 16;
  std::size_t value_size = 100;
  Distribution distribution = Distribution::kUniform;
  std::uint64_t requests = 0;  // 0 = for `duration`
  std::chrono::milliseconds duration{10'000};
  double rate = 0;    // total requests per second; 0 = closed loop
  bool load = true;   // write the keys first
  bool keep = false;  // leave them there
  std::uint64_t seed = 1;
  client::Ack ack = client::Ack::kPublished;
};

struct TopSettings {
  std::chrono::milliseconds interval{1000};
  std::uint64_t count = 0;  // blocks to print; 0 = a live screen, or blocks until it is interrupted
};

struct PolicySettings {
  std::optional<std::chrono::microseconds> interval;
  std::optional<std::uint64_t> max_batch;
  std::optional<bool> adaptive;
};

struct SlowLogSettings {
  std::uint64_t limit = 0;  // 0 = all
  bool reset = false;
};

struct Settings {
  Command command = Command::kNone;
  std::string endpoint = "127.0.0.1:7400";
  std::string ca_file, cert_file, key_file, token_file;
  std::chrono::milliseconds timeout{5000};
  Format format = Format::kSimple;
  bool quiet = false;            // no progress
  bool stdin_is_script = false;  // the shell reads its commands there, so a command must not

  ReadSettings read;
  PutSettings put;
  DelSettings del;
  ExpireSettings expire;
  IncrSettings incr;
  AppendSettings append;
  TxnSettings txn;
  WatchSettings watch;
  ImportSettings import;
  ScanSettings scan;
  ExportSettings exported;
  DelRangeSettings del_range;
  BenchSettings bench;
  TopSettings top;
  PolicySettings policy;
  bool raw_stats = false;
  SlowLogSettings slow_log;
  std::string log_level;
  std::string health_service;
  std::string completion_shell;
  std::string help_topic;  // a command
};

}  // namespace flashkv::kvctl
