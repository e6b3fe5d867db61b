// A tour of the C++ client: put and get, a time to live, a condition, a transaction, a scan, a watch and a
// pipeline. Takes the server's address as its argument, 127.0.0.1:7400 unless told. All its keys begin with
// "tour/"; it deletes them in the end.
//
// Prints:
//   color = blue, revision ...
//   session ends in ... ms
//   lock taken: true, again: false
//   moved: 5 left, 3 there
//   tour/shelf/1 = tea
//   tour/shelf/2 = rice
//   watch: PUT tour/door = open
//   watch: DELETE tour/door
//   pipeline: 100 answers, the sum is 4950
//   deleted: 107 keys
#include <flashkv/pipeline.h>
#include <flashkv/scan.h>
#include <flashkv/watch.h>

#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace kv = flashkv::client;

namespace {

// The value of a result. A program that goes on after errors tests the result instead: `if (!got) ...`.
template <typename T>
T must(kv::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

const char* word(bool yes) { return yes ? "true" : "false"; }

void put_and_get(kv::Client& client) {
  must(client.put("tour/color", "blue"));
  const kv::GetResult got = must(client.get("tour/color"));
  if (!got.kv) throw std::runtime_error("no such key");
  std::printf("color = %s, revision %ju\n", got.kv->value.c_str(), std::uintmax_t{got.kv->mod_revision});
}

void time_to_live(kv::Client& client) {
  using namespace std::chrono;
  must(client.put("tour/session", "token", {.ttl_ms = 30'000}));
  const std::int64_t ends = must(client.get("tour/session")).kv.value().expires_at_ms;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  std::printf("session ends in %jd ms\n", std::intmax_t{ends - now.count()});
}

// A lock that ends by itself: it is written only if nobody has it.
void lock(kv::Client& client) {
  const kv::PutOptions options{.ttl_ms = 30'000, .condition = kv::Condition::kIfAbsent};
  const bool first = must(client.put("tour/lock", "me", options)).succeeded;
  const bool second = must(client.put("tour/lock", "me", options)).succeeded;
  std::printf("lock taken: %s, again: %s\n", word(first), word(second));
}

// Both counters change, or neither.
void transaction(kv::Client& client) {
  must(client.put("tour/stock", "8"));
  kv::Txn txn;
  txn.compare = {{.key = "tour/stock", .target = kv::Target::kExists}};
  txn.success = {kv::IncrementOp{.key = "tour/stock", .delta = -3},
                 kv::IncrementOp{.key = "tour/shop", .delta = 3}};
  const kv::TxnResult done = must(client.txn(txn));
  const auto sum = [&done](std::size_t i) {
    return std::intmax_t{std::get<kv::IncrementResult>(done.results.at(i)).value};
  };
  std::printf("moved: %jd left, %jd there\n", sum(0), sum(1));
}

// All keys with a prefix, in order and from one revision.
void scan(kv::Client& client) {
  must(client.put("tour/shelf/2", "rice"));
  must(client.put("tour/shelf/1", "tea"));
  kv::Scanner scanner(client, {.prefix = "tour/shelf/"}, {});
  while (const kv::KeyValue* each = scanner.next())
    std::printf("%s = %s\n", each->key.c_str(), each->value.c_str());
  if (auto failed = scanner.error()) throw std::runtime_error(failed->message);
}

// From the revision of the first put on. A lost connection is made again, and no event is lost or repeated.
void watch(kv::Client& client) {
  const std::uint64_t from = must(client.put("tour/door", "open")).revision;
  must(client.del("tour/door"));
  kv::Watcher watcher(client, {.key = "tour/door", .from = from});
  for (int seen = 0; seen < 2;) {
    const kv::Events got = must(watcher.next(std::chrono::seconds(10)));
    if (got.events.empty()) throw std::runtime_error("no event came");
    for (const kv::Event& event : got.events) {
      ++seen;
      const bool put = event.type == kv::EventType::kPut;
      std::printf("watch: %s %s%s%s\n", put ? "PUT" : "DELETE", event.kv.key.c_str(), put ? " = " : "",
                  event.kv.value.c_str());
    }
  }
}

// Many calls in one message. Answers come in any order, each to the function given with its call.
void pipeline(kv::Client& client) {
  int answers = 0;
  std::int64_t sum = 0;
  kv::Pipeline calls(client, {});
  for (int i = 0; i < 100; ++i)
    calls.increment("tour/n/" + std::to_string(i), i, {}, [&](kv::Result<kv::IncrementResult> done) {
      if (!done) return;
      ++answers;
      sum += done->value;
    });
  if (auto broken = calls.close()) throw std::runtime_error(broken->message);
  std::printf("pipeline: %d answers, the sum is %jd\n", answers, std::intmax_t{sum});
}

}  // namespace

int main(int argc, char** argv) try {
  kv::Client client = must(kv::Client::open({.endpoint = argc > 1 ? argv[1] : "127.0.0.1:7400"}));
  for (const auto step : {put_and_get, time_to_live, lock, transaction, scan, watch, pipeline}) step(client);
  std::printf("deleted: %ju keys\n", std::uintmax_t{must(client.delete_prefix("tour/")).deleted});
} catch (const std::exception& error) {
  std::fprintf(stderr, "flashkv_tour: %s\n", error.what());
  return 1;
}
