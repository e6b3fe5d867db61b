// The script of kvctl txn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/flashkv/txn.h"

namespace flashkv::kvctl {

// Purpose: reads a transaction from a script. After the lines "if", "then" and "else" come conditions and the
//          operations of either case, one a line; an operation is written like the command of its name. The
//          footer of kvctl txn --help shows one.
// Errors:  empty, and `error` names the line and what is wrong with it.
std::optional<client::Txn> parse_txn(const std::string& script, std::string& error);

// The words of a line as a shell would split it: blanks separate, 'text' is literal, "text" knows \n, \t, \\,
// \" and \xNN, # begins a comment.
// Errors: empty, and `error` says why.
std::optional<std::vector<std::string>> split_words(const std::string& line, std::string& error);

}  // namespace flashkv::kvctl
