// What kvctl top prints for scripts.
#pragma once

#include <string>

#include "client/kvctl/top/layout.h"

namespace flashkv::kvctl {

// One object in one line, without its newline. Figures are numbers, rates are per second, and what is not
// known is null.
std::string top_json(const TopView& view);

}  // namespace flashkv::kvctl
