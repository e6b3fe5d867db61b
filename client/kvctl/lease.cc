#include "client/kvctl/lease.h"

namespace flashkv::kvctl {

bool Lease::is_own(const client::KeyValue& kv) const {
  if (!seen_) return kv.mod_revision == mod_revision_;
  if (kv.create_revision != create_revision_) return false;
  if (kv.expires_at_ms == expires_at_ms_) return true;
  if (rolled_back_ && kv.version <= version_ && kv.expires_at_ms <= expires_at_ms_) return true;
  return in_doubt_ && kv.version == version_ + 1 && kv.expires_at_ms > expires_at_ms_;
}

Lease::Key Lease::check(const std::optional<client::KeyValue>& kv) {
  if (!kv) return Key::kGone;
  if (!is_own(*kv)) return Key::kAnothers;
  seen_ = true;
  in_doubt_ = rolled_back_ = false;
  create_revision_ = kv->create_revision;
  mod_revision_ = kv->mod_revision;
  version_ = kv->version;
  expires_at_ms_ = kv->expires_at_ms;
  return Key::kOwn;
}

}  // namespace flashkv::kvctl
