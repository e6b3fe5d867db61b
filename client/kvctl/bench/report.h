// The results that `kvctl bench` prints.
#pragma once

#include <vector>

#include "client/kvctl/bench/load.h"
#include "client/kvctl/output.h"

namespace flashkv::kvctl {

// Names and values in printing order. `server_cpu_us` is the CPU time the server used during the run.
std::vector<Field> report_rows(const LoadResult& load, double seconds, double server_cpu_us);

}  // namespace flashkv::kvctl
