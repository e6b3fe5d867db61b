// Statistics for people.
#pragma once

#include <string>

#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {

// Sections of named figures, with units: sizes in KiB, MiB and GiB, times in us, ms and s, counts with commas
// between thousands. Nothing in it is meant for a script.
std::string stats_text(const v1::StatsResponse& stats);
// Microseconds: the upper bound of the bucket that the percentile is in, and at most the longest time.
std::uint64_t percentile_us(const v1::MethodLatency& latency, double quantile);

}  // namespace flashkv::kvctl
