// The grace periods that the engines use in this build.
#pragma once

#if defined(__SANITIZE_THREAD__)
#include "storage/reclaim/epoch.h"
#else
#include "storage/reclaim/urcu.h"
#endif

namespace flashkv::reclaim {

// ThreadSanitizer does not see liburcu's fences.
#if defined(__SANITIZE_THREAD__)
using DefaultPeriods = Epoch;
#else
using DefaultPeriods = Urcu;
#endif

}  // namespace flashkv::reclaim
