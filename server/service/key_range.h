// The selectors of requests that take many keys: a prefix, or a range.
#pragma once

#include <string_view>

#include "flashkv/v1/kv.pb.h"
#include "storage/record/store_limits.h"
#include "storage/request/status.h"
#include "storage/scan.h"

namespace flashkv {

// INVALID_ARGUMENT: two selectors, one that is too long, an end that is not above the start. None is allowed.
Status check_selectors(std::string_view prefix, std::string_view start, std::string_view end,
                       const StoreLimits& limits);

// The keys that a valid request means; all keys without a selector. May throw std::bad_alloc.
ScanRange range_of(const v1::ScanRequest& r);

// INVALID_ARGUMENT if two operations of one list may write the same key, as two ranges that overlap may;
// the message begins with `field` and the index of the later of the two.
// Cost: sorts the operations if one of them erases a range.
Status check_written_once(std::string_view field, const google::protobuf::RepeatedPtrField<v1::Op>& ops);

}  // namespace flashkv
