// The conditions of a transaction.
#pragma once

#include "storage/record/record.h"
#include "storage/request/request.h"

namespace flashkv {

// True if the comparison holds for `current`, the live record of its key; null = there is none.
bool holds(const Compare& compare, const Record* current) noexcept;

}  // namespace flashkv
