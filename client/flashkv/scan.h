// Reading the keys of a range, in order, page by page.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <flashkv/client.h>

namespace flashkv::client {

// What is left of a range behind `last`, a key of it: to go on after a scan that failed.
KeyRange rest_of(const KeyRange& range, std::string_view last, bool reverse = false);

// Purpose: goes over the keys of a range; all of them, and their values, are from one revision.
// Usage:   Scanner scan(client, {.prefix = "user:"}, {});
//          while (const KeyValue* kv = scan.next()) use(*kv);
//          if (auto failed = scan.error()) report(*failed, scan.count());
// Threads: one at a time.
// Lifetime: the client must outlive it. Destroying it early cancels the scan. A key of next() is valid until
//          the next call.
// Cost:    one call, whatever the number of pages; the server sends the next page while this one is used.
// Limits:  memory: two pages of 1 MiB, or of one larger item. The client's timeout bounds the wait for a
//          page, not the scan. A caller that takes no page for the server's --scan-timeout loses the scan
//          (kDeadlineExceeded).
// Errors:  kUnavailable (no server, or it drains), kResourceExhausted (--max-pins; or --max-pinned-bytes:
//          the server had to give up the revision), kFailedPrecondition (--ordered-index=off), and those
//          of kv.proto. The keys that came before an error are good. To go on, scan rest_of() the range:
//          that shows a newer revision.
class Scanner {
 public:
  Scanner(Client& client, const KeyRange& range, const ScanOptions& options);
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Null: there are no more keys, or the scan failed.
  const KeyValue* next();
  // Keys that next() has returned.
  std::uint64_t count() const;
  // Of all keys; 0 before the first page.
  std::uint64_t revision() const;
  // Once next() returned null: the limit was reached and there are more keys.
  bool more() const;
  std::optional<Error> error() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace flashkv::client
