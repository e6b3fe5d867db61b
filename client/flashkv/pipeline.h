// Pipelined calls: many in flight over one stream, at a fraction of what single calls cost.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <flashkv/client.h>

namespace flashkv::client {

// Purpose: gathers calls into messages and sends them ahead of their answers. Each call is answered on its
//          own, reads often before mutations that were made earlier.
// Usage:   Pipeline pipeline(client, {});
//          for (const std::string& key : keys)
//            pipeline.get(key, {}, [&](Result<GetResult> got) { if (got && got->kv) use(*got->kv); });
//          if (auto broken = pipeline.close()) report(*broken);
// Threads: calls from one thread at a time. `done` runs on an internal thread, one at a time; it must not
//          throw and must not use the pipeline. Another internal thread watches for a stalled server.
// Lifetime: the client must outlive it. Destroying it without close() cancels the stream: calls that are not
//          answered yet end with kCancelled. Every call that was taken is answered once.
// Cost:    a message, both ways, for calls_per_message calls. A call blocks while `window` others are
//          unanswered. What is gathered is sent when a message is full, or by flush().
// Limits:  memory: `window` calls, and an answer for each.
// Errors:  of one call: its result, as with Client. A broken stream ends all calls that are not answered:
//          kUnavailable if the server died or drains, kDeadlineExceeded if nothing was answered within the
//          client's timeout. From then on no call is taken: they return false, and `done` is not called.
class Pipeline {
 public:
  struct Options {
    std::size_t calls_per_message = 100;  // at most 10,000
    std::size_t bytes_per_message = std::size_t{256} << 10;
    std::size_t window = 1'000;  // calls gathered or sent, and not answered yet
  };
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  Pipeline(Client& client, const Options& options);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  bool get(std::string_view key, const GetOptions& options, Done<GetResult> done);
  bool multi_get(std::span<const std::string> keys, const GetOptions& options, Done<MultiGetResult> done);
  bool put(std::string_view key, std::string_view value, const PutOptions& options, Done<PutResult> done);
  bool del(std::string_view key, bool prev_kv, Ack ack, Done<DeleteResult> done);
  bool expire(std::string_view key, std::int64_t ttl_ms, Ack ack, Done<ExpireResult> done);
  bool increment(std::string_view key, std::int64_t delta, const IncrementOptions& options,
                 Done<IncrementResult> done);
  bool append(std::string_view key, std::string_view value, Ack ack, Done<AppendResult> done);
  bool txn(const Txn& txn, Done<TxnResult> done);

  bool flush();  // sends the calls gathered so far; false: the stream is broken
  bool drain();  // flushes, then waits until every call is answered; false as for flush()
  // Drains and ends the stream. Empty if every call was answered by the server.
  std::optional<Error> close();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace flashkv::client
