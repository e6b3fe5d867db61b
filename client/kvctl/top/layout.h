// The screen of kvctl top, as lines of text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "client/kvctl/top/rates.h"
#include "client/kvctl/top/top_line.h"

namespace flashkv::kvctl {

struct TopView {
  std::string endpoint;
  const v1::StatsResponse& stats;  // the latest
  const Rates& rates;
  std::string trouble{};  // why there is nothing newer; empty if there is
};

// Purpose: lays out the figures for a terminal of any size.
// Usage:   for (const TopLine& line : top_lines(view, 80, 24)) draw(line);
// Threads: any; it is a pure function.
// Limits:  at most `height` lines of at most `width` printable ASCII characters; 0 = no limit. A figure that
//          does not fit is left out whole, as a part of it would be another figure; so are the columns of the
//          methods. Where there are few lines, the first ones and three methods are shown.
std::vector<TopLine> top_lines(const TopView& view, std::size_t width, std::size_t height);

}  // namespace flashkv::kvctl
