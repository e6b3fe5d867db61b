#include "server/config/config.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/config/config_file.h"
#include "server/config/later_settings.h"
#include "server/config/settings.h"
#include "storage/store.h"
#include "tests/support/calls.h"

namespace flashkv {
namespace {

using testing::HasSubstr;
using testing::Not;
using Action = CommandLine::Action;

struct Case {
  std::string name;
  std::vector<std::string> flags;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string file;
  std::vector<ConfigValue> values;
  std::vector<std::string> failures;
};

void add_line(const std::string& line, Case& to) {
  const std::size_t space = line.find(' ');
  const std::string word = line.substr(0, space);
  const std::string rest = line.substr(space + 1);
  if (word == "flag") {
    to.flags.push_back(rest);
  } else if (word == "env") {
    to.environment.emplace_back(rest.substr(0, rest.find('=')), rest.substr(rest.find('=') + 1));
  } else if (word == "file") {
    to.file += rest + "\n";
  } else if (word == "is") {
    std::istringstream words(rest);
    ConfigValue value;
    words >> value.name >> value.value >> value.source;
    if (value.value == "-") value.value.clear();
    to.values.push_back(value);
  } else if (word == "fails") {
    to.failures.push_back(rest);
  } else {
    ADD_FAILURE() << "unknown word: " << line;
  }
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  for (const char* path : {CONFIG_CASES, SLOW_LOG_CASES}) {
    std::ifstream file(path);
    EXPECT_TRUE(file.good()) << path;
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line.front() == '#') continue;
      if (line.starts_with("case ")) {
        cases.emplace_back().name = line.substr(5);
      } else {
        add_line(line, cases.back());
      }
    }
  }
  return cases;
}

CommandLine resolve(const std::vector<std::string>& flags) {
  std::vector<const char*> argv{"kvd"};
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  return read_command_line(static_cast<int>(argv.size()), argv.data());
}

// Resolves a case with its config file and its environment set up.
CommandLine resolve_case(const Case& c) {
  std::vector<std::string> flags = c.flags;
  const auto path = std::filesystem::temp_directory_path() / ("kvd_config_test." + std::to_string(getpid()));
  if (!c.file.empty()) {
    std::ofstream(path) << c.file;
    flags.push_back("--config=" + path.string());
  }
  for (const auto& [name, value] : c.environment) setenv(name.c_str(), value.c_str(), 1);
  CommandLine line = resolve(flags);
  for (const auto& [name, value] : c.environment) unsetenv(name.c_str());
  std::filesystem::remove(path);
  return line;
}

const ConfigValue* find(const CommandLine& line, const std::string& name) {
  for (const ConfigValue& value : line.values) {
    if (value.name == name) return &value;
  }
  return nullptr;
}

TEST(Config, EveryCaseOfTheTableHolds) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GT(cases.size(), 50U);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(c.values.empty() != c.failures.empty()) << "a case has either values or failures";
    const CommandLine line = resolve_case(c);
    for (const std::string& text : c.failures) EXPECT_THAT(line.text, HasSubstr(text));
    EXPECT_EQ(line.action, c.failures.empty() ? Action::kServe : Action::kFail) << line.text;
    EXPECT_THAT(line.text, Not(HasSubstr("\n")));
    for (const ConfigValue& expected : c.values) {
      const ConfigValue* value = find(line, expected.name);
      ASSERT_NE(value, nullptr) << expected.name;
      EXPECT_EQ(value->value, expected.value);
      EXPECT_EQ(value->source, expected.source);
    }
  }
}

TEST(Config, EverySettingHasACaseOfABadValue) {
  std::string failures;
  for (const Case& c : read_cases()) {
    if (c.failures.empty()) continue;
    for (const std::string& flag : c.flags) failures += flag + " ";
    for (const auto& [name, value] : c.environment) failures += name + " ";
    failures += c.file;
  }
  std::vector<std::string> names;
  for (const Setting& setting : settings()) names.emplace_back(setting.name);
  for (const LaterSetting& setting : later_settings()) names.emplace_back(setting.name);
  for (const std::string& name : names) {
    const bool covered = failures.find("--" + name + "=") != std::string::npos ||
                         failures.find(environment_name(name) + " ") != std::string::npos ||
                         failures.find(name + " =") != std::string::npos;
    EXPECT_TRUE(covered || name == "insecure") << name;
  }
}

TEST(Config, EveryValueReachesItsField) {
  const CommandLine line = resolve({"--threads=7",
                                    "--publish-interval=5ms",
                                    "--publish-max-batch=9",
                                    "--publish-adaptive=false",
                                    "--guard=refcount",
                                    "--max-key-bytes=100",
                                    "--max-value-bytes=2MiB",
                                    "--max-queue-requests=11",
                                    "--max-streams=12",
                                    "--max-connections=13",
                                    "--max-multiget-keys=14",
                                    "--drain-timeout=3s",
                                    "--max-request-bytes=4MiB",
                                    "--max-queue-bytes=64MiB",
                                    "--log-level=error",
                                    "--log-format=json",
                                    "--listen=localhost:1",
                                    "--max-retired=3MiB",
                                    "--data-dir=data",
                                    "--sync=never",
                                    "--max-journal-bytes=5MiB"});
  ASSERT_EQ(line.action, Action::kServe) << line.text;
  const Config& c = line.config;
  EXPECT_EQ(c.threads, 7U);
  EXPECT_EQ(c.store.policy.interval, 5'000'000);
  EXPECT_EQ(c.store.policy.max_batch, 9U);
  EXPECT_FALSE(c.store.policy.adaptive);
  EXPECT_EQ(c.store.guard, GuardChoice::kRefcount);
  EXPECT_EQ(c.store.limits.max_key_bytes, 100U);
  EXPECT_EQ(c.store.limits.max_value_bytes, 2U << 20);
  EXPECT_EQ(c.limits.max_request_bytes, 4U << 20);
  EXPECT_EQ(c.store.limits.max_queue_bytes, 64U << 20);
  EXPECT_EQ(c.store.limits.max_queue_requests, 11U);
  EXPECT_EQ(c.store.limits.max_retired_bytes, 3U << 20);
  EXPECT_EQ(c.max_streams, 12U);
  EXPECT_EQ(c.max_connections, 13U);
  EXPECT_EQ(c.limits.max_multiget_keys, 14U);
  EXPECT_EQ(c.drain_timeout, 3'000'000'000);
  EXPECT_EQ(c.log_level, log::Level::kError);
  EXPECT_EQ(c.log_format, log::Format::kJson);
  EXPECT_EQ(c.listen, "localhost:1");
  EXPECT_EQ(c.store.data_dir, "data");
  EXPECT_EQ(c.store.sync, SyncPolicy::kOnRequest);
  EXPECT_EQ(c.store.limits.max_journal_bytes, 5U << 20);
}

TEST(Config, TheFlagsDefaultsAreThoseOfTheStoreAndTheServices) {
  const Config c = resolve({}).config;
  const StoreLimits limits;
  EXPECT_EQ(c.store.limits.max_key_bytes, limits.max_key_bytes);
  EXPECT_EQ(c.store.limits.max_value_bytes, limits.max_value_bytes);
  EXPECT_EQ(c.store.limits.max_queue_requests, limits.max_queue_requests);
  EXPECT_EQ(c.store.limits.max_queue_bytes, limits.max_queue_bytes);
  EXPECT_EQ(c.store.limits.max_retired_bytes, limits.max_retired_bytes);
  EXPECT_EQ(c.store.limits.max_journal_bytes, limits.max_journal_bytes);
  EXPECT_EQ(c.store.sync, StoreOptions{}.sync);
  EXPECT_EQ(c.store.data_dir, "");
  EXPECT_EQ(c.limits.max_request_bytes, RequestLimits{}.max_request_bytes);
  EXPECT_EQ(c.limits.max_multiget_keys, RequestLimits{}.max_multiget_keys);
  EXPECT_EQ(c.store.policy.interval, PublishPolicy{}.interval);
  EXPECT_EQ(c.store.policy.max_batch, PublishPolicy{}.max_batch);
  EXPECT_EQ(c.store.policy.adaptive, PublishPolicy{}.adaptive);
}

// The least queue that the check allows takes the largest request, and a smaller one does not.
TEST(Config, TheSmallestQueueHoldsOneLargestPut) {
  const auto with_queue = [&](std::uint64_t bytes) {
    return resolve(
        {"--max-key-bytes=1000", "--max-value-bytes=1MiB", "--max-queue-bytes=" + std::to_string(bytes)});
  };
  const std::uint64_t record = Record::bytes_for(1'000, 1 << 20, Record::Expiry::kRoom);
  const std::uint64_t least = sizeof(Request) + sizeof(Op) + 1'000 + record;
  EXPECT_THAT(with_queue(least - 1).text, HasSubstr("allowed: at least " + std::to_string(least)));
  const CommandLine line = with_queue(least);
  ASSERT_EQ(line.action, Action::kServe) << line.text;
  for (const std::uint64_t missing : {0, 1}) {
    StoreOptions options = line.config.store;
    options.limits.max_queue_bytes -= missing;
    test::CountingSink sink;
    test::Call put;
    put.sink = &sink;
    put.put_ttl(std::string(1'000, 'k'), std::string(1 << 20, 'v'), 1'000);
    Status why;
    const std::unique_ptr<Store> store = Store::open(options, why);
    ASSERT_NE(store, nullptr) << why.message;
    EXPECT_EQ(store->submit(put).ok(), missing == 0);
    store->step();
    EXPECT_EQ(put.done(), missing == 0);
  }
}

TEST(Config, PrintConfigsOutputIsAValidConfigFile) {
  const CommandLine printed = resolve({"--print-config", "--threads=3", "--publish-interval=2ms"});
  ASSERT_EQ(printed.action, Action::kPrint);
  EXPECT_THAT(printed.text, HasSubstr("threads = \"3\"  # flag\n"));
  EXPECT_THAT(printed.text, HasSubstr("log-level = \"info\"  # default\n"));
  Case again;
  again.file = printed.text;
  const CommandLine line = resolve_case(again);
  ASSERT_EQ(line.action, Action::kServe) << line.text;
  EXPECT_EQ(line.config.threads, 3U);
  EXPECT_EQ(line.config.store.policy.interval, 2'000'000);
}

TEST(Config, VersionAndHelpArePrinted) {
  EXPECT_EQ(resolve({"--version"}).action, Action::kPrint);
  EXPECT_THAT(resolve({"--version"}).text, HasSubstr("kvd "));
  const CommandLine help = resolve({"--help"});
  EXPECT_EQ(help.action, Action::kPrint);
  for (const Setting& setting : settings()) {
    EXPECT_THAT(help.text, HasSubstr("--" + std::string(setting.name)));
  }
}

TEST(Config, HelpOffersOnlyWhatThisVersionServes) {
  const std::string help = resolve({"--help"}).text;
  for (const LaterSetting& setting : later_settings()) {
    EXPECT_THAT(help, Not(HasSubstr("--" + std::string(setting.name)))) << setting.name;
  }
  EXPECT_THAT(help, Not(HasSubstr("not available")));
}

TEST(Config, UnknownVariablesAreListed) {
  for (const char* name : {"FLASHKV_TREADS", "FLASHKV_threads", "FLASHKV_", "OTHER_THREADS"})
    setenv(name, "2", 1);
  for (const char* name : {"FLASHKV_THREADS", "FLASHKV_MAX_PINS", "FLASHKV_CONFIG"}) setenv(name, "", 1);
  setenv("FLASHKV_THREADS", "2", 1);
  setenv("FLASHKV_MAX_PINS", "64", 1);
  const CommandLine line = resolve({});
  for (const char* name : {"FLASHKV_TREADS", "FLASHKV_threads", "FLASHKV_", "OTHER_THREADS",
                           "FLASHKV_THREADS", "FLASHKV_MAX_PINS", "FLASHKV_CONFIG"}) {
    unsetenv(name);
  }
  EXPECT_EQ(line.action, Action::kServe) << line.text;
  EXPECT_THAT(line.unknown_variables, testing::ElementsAre("FLASHKV_", "FLASHKV_TREADS", "FLASHKV_threads"));
}

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() : path_(testing::TempDir() + "config_file." + std::to_string(getpid())) {}
  ~ConfigFile() override { std::filesystem::remove(path_); }

  std::string read() { return read_config_file(path_, keys_); }

  const std::string path_;
  Texts keys_;
};

TEST_F(ConfigFile, AByteOrderMarkIsSkipped) {
  std::ofstream(path_) << "\xEF\xBB\xBFthreads = 3\n";
  EXPECT_EQ(read(), "");
  EXPECT_EQ(keys_["threads"], "3");
}

TEST_F(ConfigFile, APipeThatNobodyWritesToIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(read(), "--config: cannot read " + path_ +
                        ": nothing writes to this pipe; allowed: a file of NAME = VALUE lines");
}

TEST_F(ConfigFile, APipeWhoseWriterSaysNothingIsRefusedSoon) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int writer = open(path_.c_str(), O_RDWR);
  EXPECT_THAT(read(), HasSubstr("its writer takes longer than two seconds"));
  close(writer);
}

TEST_F(ConfigFile, APipeIsReadToItsEnd) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int kept =
      open(path_.c_str(), O_RDONLY | O_NONBLOCK);  // keeps the pipe open, and its contents with it
  std::ofstream(path_) << "threads = 3\n" << std::flush << "guard = auto\n";
  EXPECT_EQ(read(), "");
  close(kept);
  EXPECT_EQ(keys_["threads"] + keys_["guard"], "3auto");
}

TEST_F(ConfigFile, AFileOfMoreThanAMebibyteIsRefused) {
  const std::string line = "threads = 3\n";
  std::ofstream file(path_);
  for (std::size_t size = 0; size <= std::size_t{1} << 20; size += line.size()) file << line;
  file.close();
  EXPECT_THAT(read(), HasSubstr("it is larger than 1 MiB"));
}

TEST(Config, OnlyThisMachinesAddressesAreLoopback) {
  for (const char* own : {"127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "localhost:1", "unix:/tmp/s"}) {
    EXPECT_TRUE(is_loopback(own)) << own;
  }
  for (const char* other : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "localhost.example:1", "127.example:1"}) {
    EXPECT_FALSE(is_loopback(other)) << other;
  }
}

}  // namespace
}  // namespace flashkv
