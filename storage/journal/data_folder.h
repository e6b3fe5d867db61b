// The folder that --data-dir names.
#pragma once

#include <string>

#include "storage/request/status.h"

namespace flashkv {

// Purpose: makes sure that a folder is flashkv's, or makes it so, before anything in it is touched. The file
//          FLASHKV in it says so, and comes last: a folder without it holds nothing that anybody relies on.
// Usage:   if (Status s = claim_folder("/var/lib/flashkv", is_new); !s.ok()) return s;
//          open or, if it is new, create what journal_folder() names;
//          if (is_new) mark_folder("/var/lib/flashkv");
// Limits:  the folder is absent (its parent exists), empty, left over from a start that was interrupted, or
//          has the file FLASHKV with a format number that this version reads.
// Errors:  FAILED_PRECONDITION: another program's folder, a newer format, no folder, or no permission.
Status claim_folder(const std::string& folder, bool& is_new);
Status mark_folder(const std::string& folder);

// Where RocksDB's files are within it.
std::string journal_folder(const std::string& folder);

}  // namespace flashkv
