// Which methods of the generated services are served, and which go to the catch-all.
#pragma once

#include "flashkv/v1/admin.grpc.pb.h"
#include "flashkv/v1/kv.grpc.pb.h"

namespace flashkv {

namespace served {
using KV = v1::KV;
using Admin = v1::Admin;

using Reads = KV::WithRawMethod_Get<KV::WithRawMethod_MultiGet<KV::Service>>;
using Writes = KV::WithRawMethod_Put<KV::WithRawMethod_Delete<KV::WithRawMethod_Write<Reads>>>;
using NoUnary = KV::WithGenericMethod_Expire<
    KV::WithGenericMethod_Increment<KV::WithGenericMethod_Append<KV::WithGenericMethod_Txn<Writes>>>>;
using NoStreams =
    KV::WithGenericMethod_Scan<KV::WithGenericMethod_Pipeline<KV::WithGenericMethod_Watch<NoUnary>>>;

using Policy = Admin::WithRawMethod_GetPublishPolicy<
    Admin::WithRawMethod_SetPublishPolicy<Admin::WithRawMethod_Publish<Admin::Service>>>;
using Stats = Admin::WithRawMethod_Stats<Policy>;
using NoBackup = Admin::WithGenericMethod_Backup<Admin::WithGenericMethod_Restore<Stats>>;
using NoOperations = Admin::WithGenericMethod_SlowLog<Admin::WithGenericMethod_SetLogLevel<
    Admin::WithGenericMethod_Drain<Admin::WithGenericMethod_Reload<NoBackup>>>>;
}  // namespace served

// A method marked raw brings the bytes of its request: what does not parse is ours to answer and to forget,
// where the library would keep the message it parsed into. A method marked generic arrives at UnservedCalls.
// None may be left unmarked: it would run on threads that the library starts for it.
using ServedKv = served::NoStreams;
using ServedAdmin = served::NoOperations;

}  // namespace flashkv
