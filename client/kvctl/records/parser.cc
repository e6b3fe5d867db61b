#include "client/kvctl/records/parser.h"

#include <algorithm>
#include <charconv>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The characters behind a backslash in TSV, and what they stand for.
bool unescape_tsv(std::string_view cell, std::string& to, std::string& why) {
  to.clear();
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\\') {
      to += cell[i];
      continue;
    }
    const std::size_t which =
        ++i < cell.size() ? std::string_view("tnr\\").find(cell[i]) : std::string_view::npos;
    if (which == std::string_view::npos) {
      why = "a backslash that is none of \\t, \\n, \\r and \\\\";
      return false;
    }
    to += "\t\n\r\\"[which];
  }
  return true;
}

bool split_tsv(std::string_view line, std::vector<std::string>& cells, std::string& why) {
  for (;;) {
    const std::size_t tab = line.find('\t');
    cells.emplace_back();
    if (!unescape_tsv(line.substr(0, tab), cells.back(), why)) return false;
    if (tab == std::string_view::npos) return true;
    line.remove_prefix(tab + 1);
  }
}

// The cell at the beginning of `rest`, which loses it and the comma behind it.
enum class Cell { kMore, kLast, kOpen, kBad };

Cell take_csv_cell(std::string_view& rest, std::string& cell, std::string& why) {
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    cell = rest.substr(0, end);
    if (cell.find('"') != std::string::npos) {
      why = "a quote inside a cell that does not begin with one";
      return Cell::kBad;
    }
    const bool more = end < rest.size();
    rest.remove_prefix(end + (more ? 1 : 0));
    return more ? Cell::kMore : Cell::kLast;
  }
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      cell += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      cell += rest[i++];
    } else {
      rest.remove_prefix(i + 1);
      if (rest.empty()) return Cell::kLast;
      if (!rest.starts_with(',')) {
        why = "text behind a closing quote";
        return Cell::kBad;
      }
      rest.remove_prefix(1);
      return Cell::kMore;
    }
  }
  return Cell::kOpen;
}

Cell split_csv(std::string_view rest, std::vector<std::string>& cells, std::string& why) {
  for (;;) {
    cells.emplace_back();
    if (const Cell got = take_csv_cell(rest, cells.back(), why); got != Cell::kMore) return got;
  }
}

bool read_time(const std::string& cell, const char* name, std::int64_t& to, std::string& why) {
  if (cell.empty()) return true;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc{} || end != cell.data() + cell.size() || number < 0) {
    why = std::string(name) + " must be a whole number of milliseconds";
    return false;
  }
  to = number;
  return true;
}

bool take_line(std::string_view line, ImportRecord& record, std::string& why) {
  const std::size_t blank = line.find(' ');
  if (blank == 0 || blank == std::string_view::npos) {
    why = "not KEY VALUE";
    return false;
  }
  record.key = line.substr(0, blank);
  record.value = line.substr(blank + 1);
  return true;
}

// Text, or the bytes of the base64 cell beside it.
bool choose(const std::string& cell, bool base64, const char* name, std::string& to, std::string& why) {
  if (cell.empty()) return true;
  if (!to.empty()) {
    why = std::string(name) + " is given twice, as text and as base64";
    return false;
  }
  if (!base64) {
    to = cell;
    return true;
  }
  const auto bytes = from_base64(cell);
  if (bytes) to = *bytes;
  if (!bytes) why = std::string(name) + "_b64 is not base64";
  return bytes.has_value();
}

}  // namespace

std::optional<RecordFormat> format_named(std::string_view name) {
  if (name == "jsonl") return RecordFormat::kJsonl;
  if (name == "csv") return RecordFormat::kCsv;
  if (name == "tsv") return RecordFormat::kTsv;
  if (name == "lines") return RecordFormat::kLines;
  return std::nullopt;
}

RecordFormat format_of_file(std::string_view path) {
  if (path.ends_with(".csv")) return RecordFormat::kCsv;
  if (path.ends_with(".tsv")) return RecordFormat::kTsv;
  return path.ends_with(".txt") ? RecordFormat::kLines : RecordFormat::kJsonl;
}

RecordParser::Took RecordParser::take(std::string_view line, ImportRecord& record, std::string& why) {
  record.ttl_ms = record.expires_at_ms = 0;
  if (!has_columns()) {
    const bool json = format_ == RecordFormat::kJsonl;
    if (json ? line.find_first_not_of(" \t\r") == std::string_view::npos : line.empty()) return kNothing;
    return (json ? parse_jsonl(line, record, why) : take_line(line, record, why)) ? kRecord : kBad;
  }
  if (wants_heading() && pending_.empty() && line.starts_with(kByteOrderMark))
    line.remove_prefix(kByteOrderMark.size());
  if (pending_.empty() && (line.empty() || line == "\r")) return kNothing;
  cells_.clear();
  if (!split(line, why)) return wants_heading() ? kNoHeading : kBad;
  if (!pending_.empty()) return kNothing;
  if (wants_heading()) return take_heading(why);
  return take_cells(record, why) ? kRecord : kBad;
}

bool RecordParser::split(std::string_view line, std::string& why) {
  if (format_ == RecordFormat::kTsv) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return split_tsv(line, cells_, why);
  }
  std::string joined;
  if (!pending_.empty() && std::count(line.begin(), line.end(), '"') % 2 == 0)
    return hold(line, why);  // the cell stays open: no need to read it again from its beginning
  if (!pending_.empty()) {
    joined.swap(pending_);
    joined.append(line);
    line = joined;
  }
  // An open cell keeps its carriage return; at the end of a record it belongs to the end of the line.
  std::string_view record = line;
  if (record.ends_with('\r')) record.remove_suffix(1);
  const Cell last = split_csv(record, cells_, why);
  if (last != Cell::kOpen) return last != Cell::kBad;
  return hold(line, why);
}

bool RecordParser::hold(std::string_view line, std::string& why) {
  if (pending_.size() + line.size() > longest_) {
    pending_.clear();
    why = std::string("longer than ").append(std::to_string(longest_)).append(" bytes; is a quote missing?");
    return false;
  }
  pending_.append(line).append(1, '\n');
  return true;
}

RecordParser::Took RecordParser::take_heading(std::string& why) {
  constexpr std::pair<std::string_view, Column> kNames[] = {{"key", Column::kKey},
                                                            {"key_b64", Column::kKeyB64},
                                                            {"value", Column::kValue},
                                                            {"value_b64", Column::kValueB64},
                                                            {"ttl_ms", Column::kTtl},
                                                            {"expires_at_ms", Column::kExpiresAt},
                                                            {"version", Column::kIgnored},
                                                            {"create_revision", Column::kIgnored},
                                                            {"mod_revision", Column::kIgnored}};
  std::vector<Column> columns;
  for (const std::string& cell : cells_) {
    const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                     [&cell](const auto& each) { return each.first == cell; });
    if (found == std::end(kNames)) {
      why = "unknown column " + quoted_unless_printable(cell.substr(0, 40)) +
            "; the first line names them: key, value, ttl_ms, key_b64, value_b64, expires_at_ms";
      return kNoHeading;
    }
    if (found->second != Column::kIgnored &&
        std::find(columns.begin(), columns.end(), found->second) != columns.end()) {
      why = "column " + cell + " is named twice";
      return kNoHeading;
    }
    columns.push_back(found->second);
  }
  const auto has = [&columns](Column a, Column b) {
    return std::find_if(columns.begin(), columns.end(), [a, b](Column c) { return c == a || c == b; }) !=
           columns.end();
  };
  if (!has(Column::kKey, Column::kKeyB64) || !has(Column::kValue, Column::kValueB64)) {
    why = "the first line must name the columns key and value";
    return kNoHeading;
  }
  columns_ = std::move(columns);
  return kNothing;
}

bool RecordParser::take_cells(ImportRecord& record, std::string& why) const {
  if (cells_.size() != columns_.size()) {
    why = std::to_string(cells_.size()) + " cells for " + std::to_string(columns_.size()) + " columns";
    return false;
  }
  record.key.clear();
  record.value.clear();
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const Column c = columns_[i];
    const bool key = c == Column::kKey || c == Column::kKeyB64;
    const bool value = c == Column::kValue || c == Column::kValueB64;
    if ((key || value) && !choose(cells_[i], c == Column::kKeyB64 || c == Column::kValueB64,
                                  key ? "key" : "value", key ? record.key : record.value, why))
      return false;
    if (c == Column::kTtl && !read_time(cells_[i], "ttl_ms", record.ttl_ms, why)) return false;
    if (c == Column::kExpiresAt && !read_time(cells_[i], "expires_at_ms", record.expires_at_ms, why))
      return false;
  }
  return true;
}

bool RecordParser::finish(std::string& why) const {
  if (pending_.empty()) return true;
  why = "the input ends inside quotes";
  return false;
}

}  // namespace flashkv::kvctl
