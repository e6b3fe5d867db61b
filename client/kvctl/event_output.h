// Events of a watch on standard output.
#pragma once

#include "client/flashkv/watch.h"
#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// Purpose: the lines of one event, as kvctl.md shows them; the table's columns have fixed widths, as no one
//          knows what is still to come.
// Usage:   print(heading(format) + lines_of(event, format, terminal));
// Limits:  as Output's (output.h).
std::string heading(Format format);
std::string lines_of(const client::Event& event, Format format, bool terminal);

}  // namespace flashkv::kvctl
