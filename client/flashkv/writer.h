// The bulk-load path: many puts in flight over one stream, answered in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <flashkv/client.h>

namespace flashkv::client {

// Purpose: streams puts to the server in atomic requests of many puts each. A bounded window of requests is
//          sent ahead of their answers.
// Usage:   Writer writer(client, {});
//          for (auto& [key, value] : data)
//            if (!writer.put(key, value)) break;      // rejected or broken: see Errors
//          if (auto failed = writer.close()) report(*failed, writer.acknowledged());
// Threads: one thread at a time. Two internal threads read the answers and watch for a stalled server.
// Lifetime: the client must outlive it. Destroying it without close() cancels the stream; puts that were not
//          acknowledged may or may not have been applied.
// Cost:    messages are recycled, so a put in steady state copies its bytes and allocates nothing. put()
//          blocks while `window` requests are unanswered, so the caller runs at the server's speed.
// Limits:  memory: (window + 1) requests of ops_per_request puts or bytes_per_request bytes.
// Errors:  put() returns false, and does not take the item, after the server rejected a request (see
//          take_rejection(); the stream goes on) or the stream broke (see error()): kUnavailable if the
//          server died, kDeadlineExceeded if no answer came within the client's timeout.
class Writer {
 public:
  struct Options {
    std::size_t ops_per_request = 500;  // at most 10,000
    std::size_t bytes_per_request = std::size_t{1} << 20;
    std::size_t window = 16;  // requests sent and not answered yet, at most
    Ack ack = Ack::kPublished;
  };
  struct Item {
    std::string key, value;
    std::int64_t ttl_ms = 0;
    std::uint64_t tag = 0;  // chosen by the caller, for example a line number
  };
  // A request of which nothing was applied, and everything put after it. To go on, put `later` again: that
  // keeps the order of writes to a key. Items of `later` are not counted as acknowledged yet.
  struct Rejection {
    Error error;
    std::vector<Item> items;
    std::vector<Item> later;
  };

  Writer(Client& client, const Options& options);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool put(std::string_view key, std::string_view value, std::int64_t ttl_ms = 0, std::uint64_t tag = 0);
  bool flush();  // sends the puts gathered so far; false as for put()
  bool drain();  // flushes, then waits until every request is answered; false as for put()
  // The first rejected request, once everything sent is answered; empty if none was rejected or the
  // stream broke.
  std::optional<Rejection> take_rejection();
  // Drains and ends the stream. Empty if every put is acknowledged.
  std::optional<Error> close();

  std::uint64_t acknowledged() const;   // number of puts the server confirmed, in the order they were put
  std::uint64_t last_revision() const;  // of the last acknowledged request
  std::optional<Error> error() const;   // why the stream broke

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace flashkv::client
