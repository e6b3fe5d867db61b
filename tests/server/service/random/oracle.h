// What each call of the KV service must be answered, by the simulation's model.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flashkv/v1/kv.pb.h"
#include "storage/request/status.h"
#include "tests/sim/model.h"

namespace flashkv::test {

// Purpose: a slow, obvious server: it says what a request is answered, and what the store holds afterwards.
//          It knows the API and shares nothing with the server but the messages.
// Usage:   Oracle oracle(traits);  oracle.now_ms = ...;
//          v1::PutResponse wanted;  Code code = oracle.answer(request, wanted);
// A reply is filled in only where the code is kOk; it has no store_id.
class Oracle {
 public:
  static constexpr std::size_t kMaxKeyBytes = 12;
  static constexpr std::size_t kMaxValueBytes = 40;
  static constexpr int kMaxMultiGetKeys = 6;

  struct Traits {
    bool ordered = true;       // --ordered-index
    bool atomic_batch = true;  // of the engine
  };
  explicit Oracle(Traits traits) : traits_(traits), model_(kMaxValueBytes, traits.ordered) {}

  Code answer(const v1::GetRequest& r, v1::GetResponse& reply) const;
  Code answer(const v1::MultiGetRequest& r, v1::MultiGetResponse& reply) const;
  Code answer(const v1::PutRequest& r, v1::PutResponse& reply);
  Code answer(const v1::DeleteRequest& r, v1::DeleteResponse& reply);
  Code answer(const v1::ExpireRequest& r, v1::ExpireResponse& reply);
  Code answer(const v1::IncrementRequest& r, v1::IncrementResponse& reply);
  Code answer(const v1::AppendRequest& r, v1::AppendResponse& reply);
  Code answer(const v1::TxnRequest& r, v1::TxnResponse& reply);
  // All pages as one.
  Code answer(const v1::ScanRequest& r, v1::ScanResponse& reply) const;

  // The store has removed what has expired by now: a revision for each key.
  void remove_expired();
  std::uint64_t revision() const { return model_.assigned(); }
  // What is there now, and has not expired.
  std::map<std::string, sim::Entry> content() const { return live("", ""); }

  std::int64_t now_ms = 0;

 private:
  template <typename Request, typename Reply>
  Code change(const Request& r, Reply& reply);
  std::map<std::string, sim::Entry> live(const std::string& start, const std::string& end) const;

  const Traits traits_;
  sim::Model model_;
};

}  // namespace flashkv::test
