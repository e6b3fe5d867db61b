// Statistics for people.
#pragma once

#include <string>

#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {

// Sections of named figures, with units: sizes in KiB, MiB and GiB, times in us, ms and s, counts with commas
// between thousands. Nothing in it is meant for a script.
std::string stats_text(const v1::StatsResponse& stats);

}  // namespace flashkv::kvctl
