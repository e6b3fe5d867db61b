// Whether a key is still the one whose ttl this process renews.
#pragma once

#include <cstdint>
#include <optional>

#include "client/flashkv/types.h"

namespace flashkv::kvctl {

// Purpose: recognizes a key that only its holder's renewals, and changes that keep its expiry, have touched.
//          A key that was deleted and created again, or put by somebody else, with or without a ttl, is
//          another one: as with a lease of etcd, whose key leaves it with the next put.
// Usage:   Lease lease(revision_of_the_put);
//          if (lease.check(client.get(key)->kv) != Lease::Key::kOwn) give_up();
//          lease.renewing(); expire_if_unchanged(lease.mod_revision()); lease.check(the key after that);
// Threads: one.
// Limits:  after renewing() the answer may be lost. Until the next check(), one change that set a later
//          expiry counts as the renewal, although somebody else may have made it.
class Lease {
 public:
  enum class Key { kOwn, kGone, kAnothers };

  explicit Lease(std::uint64_t put_revision) : mod_revision_(put_revision) {}

  // Compares the key as the server has it, and remembers it if it is the holder's.
  Key check(const std::optional<client::KeyValue>& kv);
  // A renewal is being sent.
  void renewing() { in_doubt_ = true; }
  // The renewal was certainly not applied.
  void not_renewed() { in_doubt_ = false; }
  // The server has lost its last changes: an earlier state of the key is the holder's, too.
  void rolled_back() { rolled_back_ = true; }
  // Of the key as it was last seen.
  std::uint64_t mod_revision() const { return mod_revision_; }

 private:
  bool is_own(const client::KeyValue& kv) const;

  bool seen_ = false;
  bool in_doubt_ = false;
  bool rolled_back_ = false;
  std::uint64_t create_revision_ = 0, mod_revision_ = 0, version_ = 0;
  std::int64_t expires_at_ms_ = 0;
};

}  // namespace flashkv::kvctl
