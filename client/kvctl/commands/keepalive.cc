// put --keepalive.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <variant>

#include "client/kvctl/calls.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/lease.h"
#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kLook{100};           // how soon Ctrl-C is noticed
constexpr milliseconds kLongestPause{1000};  // between attempts while there is no connection

// One key and its lease.
class Holder {
 public:
  enum class Outcome { kRenewed, kGone, kAnothers, kFailed };

  Holder(client::Client& client, const PutSettings& put, std::uint64_t put_revision)
      : client_(client), put_(put), revision_(put_revision), lease_(put_revision) {}

  // Looks whether the key is there; with `renew`, also sets its ttl anew if it is unchanged since that look.
  // A key that was changed in between is looked at again.
  Outcome attend(bool renew) {
    while (interrupted == 0) {
      auto got = client_.get(put_.key, {.keys_only = true, .at_least_revision = revision_});
      if (!got && got.error().code == client::Errc::kOutOfRange && revision_ != 0) {
        // A server that has started again without its last changes, or without any.
        revision_ = 0;
        lease_.rolled_back();
        continue;
      }
      if (!got) return fail_with(got.error());
      const Lease::Key key = lease_.check(got->kv);
      if (key != Lease::Key::kOwn) return key == Lease::Key::kGone ? Outcome::kGone : Outcome::kAnothers;
      if (!renew) return Outcome::kRenewed;
      lease_.renewing();
      auto done = client_.txn(renewal());
      if (!done) {
        if (done.error().certainly_not_applied) lease_.not_renewed();
        return fail_with(done.error());
      }
      revision_ = std::max(revision_, done->revision);
      if (!done->succeeded) {
        lease_.not_renewed();
        continue;
      }
      lease_.check(std::get<client::GetResult>(done->results.back()).kv);
      return Outcome::kRenewed;
    }
    return Outcome::kFailed;
  }
  const client::Error& error() const { return error_; }

 private:
  Outcome fail_with(const client::Error& error) {
    error_ = error;
    return Outcome::kFailed;
  }
  client::Txn renewal() const {
    return {.compare = {{.key = put_.key,
                         .target = client::Target::kMod,
                         .comparison = client::Comparison::kEqual,
                         .number = lease_.mod_revision()}},
            .success = {client::ExpireOp{.key = put_.key, .ttl_ms = put_.options.ttl_ms},
                        client::GetOp{.key = put_.key, .keys_only = true}},
            .failure = {},
            .ack = put_.options.ack};
  }

  client::Client& client_;
  const PutSettings& put_;
  std::uint64_t revision_;  // reads must show at least this one
  Lease lease_;
  client::Error error_;
};

void pause_until(Clock::time_point until) {
  while (interrupted == 0 && Clock::now() < until)
    std::this_thread::sleep_for(std::clamp<Clock::duration>(until - Clock::now(), milliseconds(1), kLook));
}

// Whether the connection is there is said when it changes.
void tell_trouble(bool& lost, const client::Error* error, const Settings& settings) {
  if (lost == (error != nullptr)) return;
  lost = !lost;
  if (settings.quiet) return;
  complain(error == nullptr ? "connected again; the key is still there" : trouble_of(*error, settings));
}

int give_up(Holder::Outcome why, const std::string& key) {
  complain(quoted_unless_printable(key) +
           (why == Holder::Outcome::kGone
                ? " is gone: it was deleted, or it expired before it could be renewed"
                : " was put, or given another expiry, by another client; its ttl is no longer renewed"));
  return kNotFound;
}

// Renews until `interrupted`, or until there is nothing to renew.
int hold(Holder& holder, const Settings& settings) {
  const milliseconds ttl(settings.put.options.ttl_ms);
  const auto begin = Clock::now();
  bool lost = false;
  bool renew = false;  // the first time, there is only something to learn: the rest of what the put has made
  while (interrupted == 0) {
    const auto outcome = holder.attend(renew);
    if (interrupted != 0) break;
    if (outcome == Holder::Outcome::kGone || outcome == Holder::Outcome::kAnothers)
      return give_up(outcome, settings.put.key);
    const bool failed = outcome == Holder::Outcome::kFailed;
    if (failed && !may_pass(holder.error().code)) return fail(holder.error(), settings);
    tell_trouble(lost, failed ? &holder.error() : nullptr, settings);
    const auto next = failed   ? Clock::now() + std::min(ttl / 10, kLongestPause)
                      : !renew ? begin + ttl / 3
                               : Clock::now() + ttl / 3;
    renew |= !failed;
    pause_until(next);
  }
  return kDone;
}

}  // namespace

int keep_alive(client::Client& client, const Settings& settings, std::uint64_t put_revision) {
  std::fflush(stdout);
  const CancelOnInterrupt cancel;
  // A connection of its own: a call, or an attempt to connect, that outlasts the ttl would lose the key.
  client::ClientOptions options = client.options();
  options.timeout = std::min(options.timeout, milliseconds(settings.put.options.ttl_ms) / 3);
  auto own = client::Client::open(options);
  if (!own) return fail(own.error(), settings);
  Settings shown = settings;
  shown.timeout = options.timeout;
  Holder holder(*own, settings.put, put_revision);
  return hold(holder, shown);
}

}  // namespace flashkv::kvctl
