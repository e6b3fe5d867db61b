// The formats of import and export.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flashkv::kvctl {

// kJsonl: {"key","value"} or {"key_b64","value_b64"}, and "ttl_ms".
// kCsv, kTsv: named columns, key or key_b64, value or value_b64, ttl_ms. Of a pair, the filled one counts.
//   CSV is RFC 4180's; in TSV, \t, \n, \r and \\ stand for a tab, the ends of a line, and a backslash.
// kLines: KEY VALUE; the key ends at the first blank, the value with the line.
enum class RecordFormat { kJsonl, kCsv, kTsv, kLines };

// "jsonl", "csv", "tsv" or "lines".
std::optional<RecordFormat> format_named(std::string_view name);
// By the name's end: .csv, .tsv, .txt (lines); jsonl for any other.
RecordFormat format_of_file(std::string_view path);

}  // namespace flashkv::kvctl
