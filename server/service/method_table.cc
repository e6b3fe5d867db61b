#include "server/service/method_table.h"

#include <array>
#include <type_traits>
#include <utility>

#include "flashkv/v1/admin.pb.h"
#include "server/service/admin_service.h"
#include "server/service/health_service.h"
#include "server/service/kv_service.h"
#include "server/service/pipeline_stream.h"
#include "server/service/scan_stream.h"
#include "server/service/watch/watch_stream.h"
#include "server/service/write_stream.h"

namespace flashkv {
namespace {

// For methods that never wait for the writer.
struct NoFinish {};
// For messages that take about as much memory as they do on the wire.
struct NoExtra {};

template <typename R>
concept AsksForRevision = requires(const R& r) {
  r.at_least_revision();
};

template <typename R>
concept ReadsManyKeys = requires(const R& r) {
  r.keys_size();
};

// R and A are the request and the reply message; the function types are stateless.
template <typename R, typename A, typename StartCall, typename FinishCall, typename Extra>
class UnaryOf final : public UnaryState {
 public:
  UnaryOf() : UnaryState(request, reply) {}

  Started start(Session& s) override {
    if constexpr (!std::is_same_v<Extra, NoExtra>) add_kept_bytes(Extra{}(request));
    session = &s;
    return StartCall{}(*this);
  }
  Status finish(Session&) override {
    if constexpr (std::is_same_v<FinishCall, NoFinish>) {
      return {};
    } else {
      return FinishCall{}(*this);
    }
  }

  R request;
  A reply;
  Session* session = nullptr;

 private:
  bool needs_writer() const override {
    if constexpr (std::is_same_v<FinishCall, NoFinish>) {
      return false;
    } else if constexpr (AsksForRevision<R>) {
      if constexpr (ReadsManyKeys<R>) {
        if (request.keys_size() > 1) return true;
      }
      return request.at_least_revision() != 0;
    } else {
      return true;
    }
  }
  void free_messages() override {
    request = R();
    reply = A();
  }
};

// A unary row. start(call) starts the call, finish(call) makes the reply once the writer has completed it,
// and extra(request) estimates the memory both messages use beyond their encoded size. A method without
// `finish` never waits for the writer. One with it may always wait, unless its request has a field
// at_least_revision: then only when that is set, or when it reads several keys.
template <typename R, typename A, typename StartCall, typename FinishCall = NoFinish,
          typename Extra = NoExtra>
constexpr MethodRow unary(std::string_view name, std::string_view counted_as, StartCall, FinishCall = {},
                          Extra = {}) {
  return {name, counted_as,
          +[]() -> std::unique_ptr<UnaryState> {
            return std::make_unique<UnaryOf<R, A, StartCall, FinishCall, Extra>>();
          },
          nullptr};
}

template <typename Handler>
constexpr MethodRow streaming(std::string_view name, std::string_view counted_as) {
  return {name, counted_as, nullptr, +[](ServerStream& stream) -> std::unique_ptr<StreamHandler> {
            return std::make_unique<Handler>(stream);
          }};
}

// Objects in a request and its reply for each key: strings and sub-messages, without the bytes in them.
constexpr std::size_t kBytesPerKey = 192;

// clang-format off
constexpr std::array kRows{
    unary<v1::GetRequest, v1::GetResponse>("/flashkv.v1.KV/Get", "Get",
        [](auto& c) { return c.session->kv().get(*c.session, c.request, c.reply, c.pending); },
        [](auto& c) { return c.session->kv().finish_get(*c.session, c.request, c.pending, c.reply); }),
    unary<v1::MultiGetRequest, v1::MultiGetResponse>("/flashkv.v1.KV/MultiGet", "MultiGet",
        [](auto& c) { return c.session->kv().multi_get(*c.session, c.request, c.reply, c.pending); },
        [](auto& c) { return c.session->kv().finish_multi_get(*c.session, c.request, c.pending, c.reply); },
        [](const auto& request) { return static_cast<std::size_t>(request.keys_size()) * kBytesPerKey; }),
    unary<v1::PutRequest, v1::PutResponse>("/flashkv.v1.KV/Put", "Put",
        [](auto& c) { return c.session->kv().put(c.request, c.pending); },
        [](auto& c) { return c.session->kv().finish_put(c.pending, c.reply); }),
    unary<v1::DeleteRequest, v1::DeleteResponse>("/flashkv.v1.KV/Delete", "Delete",
        [](auto& c) { return c.session->kv().erase(c.request, c.pending); },
        [](auto& c) { return c.session->kv().finish_erase(c.pending, c.reply); },
        // Nobody knows how many keys come back.
        [](const auto& r) { return r.prev_kv() && r.key().empty() ? UnaryState::kKeptBytes + 1 : 0; }),
    unary<v1::ExpireRequest, v1::ExpireResponse>("/flashkv.v1.KV/Expire", "Expire",
        [](auto& c) { return c.session->kv().expire(c.request, c.pending); },
        [](auto& c) { return c.session->kv().finish_expire(c.pending, c.reply); }),
    unary<v1::IncrementRequest, v1::IncrementResponse>("/flashkv.v1.KV/Increment", "Increment",
        [](auto& c) { return c.session->kv().increment(c.request, c.pending); },
        [](auto& c) { return c.session->kv().finish_increment(c.pending, c.reply); }),
    unary<v1::AppendRequest, v1::AppendResponse>("/flashkv.v1.KV/Append", "Append",
        [](auto& c) { return c.session->kv().append(c.request, c.pending); },
        [](auto& c) { return c.session->kv().finish_append(c.pending, c.reply); }),
    unary<v1::TxnRequest, v1::TxnResponse>("/flashkv.v1.KV/Txn", "Txn",
        [](auto& c) { return c.session->kv().txn(c.request, c.pending); },
        [](auto& c) { return c.session->kv().finish_txn(c.request, c.pending, c.reply); },
        [](const auto& r) {
          return static_cast<std::size_t>(r.compare_size() + 2 * (r.success_size() + r.failure_size())) *
                 kBytesPerKey;
        }),
    streaming<ScanStream>("/flashkv.v1.KV/Scan", "Scan"),
    streaming<WriteStream>("/flashkv.v1.KV/Write", "Write"),
    streaming<PipelineStream>("/flashkv.v1.KV/Pipeline", "Pipeline"),
    streaming<WatchStream>("/flashkv.v1.KV/Watch", "Watch"),

    unary<v1::StatsRequest, v1::StatsResponse>("/flashkv.v1.Admin/Stats", "Stats",
        [](auto& c) { return Started{c.session->admin().stats(c.reply)}; }),
    unary<v1::GetPublishPolicyRequest, v1::GetPublishPolicyResponse>(
        "/flashkv.v1.Admin/GetPublishPolicy", "GetPublishPolicy",
        [](auto& c) { return Started{c.session->admin().get_policy(c.reply)}; }),
    unary<v1::SetPublishPolicyRequest, v1::SetPublishPolicyResponse>(
        "/flashkv.v1.Admin/SetPublishPolicy", "SetPublishPolicy",
        [](auto& c) { return c.session->admin().set_policy(c.request, c.pending); },
        [](auto& c) { return c.session->admin().finish_set_policy(c.pending, c.reply); }),
    unary<v1::PublishRequest, v1::PublishResponse>("/flashkv.v1.Admin/Publish", "Publish",
        [](auto& c) { return c.session->admin().publish(c.pending); },
        [](auto& c) { return c.session->admin().finish_publish(c.pending, c.reply); }),
    unary<v1::SlowLogRequest, v1::SlowLogResponse>("/flashkv.v1.Admin/SlowLog", "SlowLog",
        [](auto& c) { return Started{c.session->admin().slow_log(c.request, c.reply)}; }),
    unary<v1::SetLogLevelRequest, v1::SetLogLevelResponse>("/flashkv.v1.Admin/SetLogLevel", "SetLogLevel",
        [](auto& c) { return Started{c.session->admin().set_log_level(c.request, c.reply)}; }),

    unary<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse>(
        "/grpc.health.v1.Health/Check", "Health.Check",
        [](auto& c) { return check_health(c.session->health(), c.request, c.reply); }),
    streaming<HealthWatch>("/grpc.health.v1.Health/Watch", "Health.Watch"),
};
// clang-format on
static_assert(kRows.size() <= kUnserved);

}  // namespace

std::span<const MethodRow> method_table() noexcept { return kRows; }

MethodId method_id(std::string_view counted_as) noexcept {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].counted_as == counted_as) return static_cast<MethodId>(i);
  }
  return kUnserved;
}

std::string_view method_name(MethodId id) noexcept {
  return id < kRows.size() ? kRows[id].counted_as : "other";
}

}  // namespace flashkv
