// Validation of requests, before the store sees them.
#pragma once

#include "flashkv/v1/admin.pb.h"
#include "flashkv/v1/kv.pb.h"
#include "server/config/limits.h"
#include "storage/record/store_limits.h"
#include "storage/request/status.h"

namespace flashkv {

// Each returns the first violation. The message names the field, the size and the limit, never the bytes
// themselves. The code is INVALID_ARGUMENT. Whether the store keeps its keys in order, which prefixes and
// ranges need, and whether it has the data directory that ACK_DURABLE needs, is not looked at.
Status validate(const v1::GetRequest& r, const StoreLimits& limits);
Status validate(const v1::MultiGetRequest& r, const StoreLimits& limits, const RequestLimits& request_limits);
Status validate(const v1::PutRequest& r, const StoreLimits& limits);
Status validate(const v1::DeleteRequest& r, const StoreLimits& limits);
Status validate(const v1::ExpireRequest& r, const StoreLimits& limits);
Status validate(const v1::IncrementRequest& r, const StoreLimits& limits);
Status validate(const v1::AppendRequest& r, const StoreLimits& limits);
Status validate(const v1::TxnRequest& r, const StoreLimits& limits);
Status validate(const v1::WriteRequest& r, const StoreLimits& limits);
Status validate(const v1::ScanRequest& r, const StoreLimits& limits);
Status validate(const v1::WatchCreate& r, const StoreLimits& limits);
Status validate(const v1::SetPublishPolicyRequest& r);

}  // namespace flashkv
