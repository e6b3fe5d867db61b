// Records from the lines of a file, in any format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/kvctl/jsonl.h"
#include "client/kvctl/records/format.h"

namespace flashkv::kvctl {

// Purpose: turns lines into records.
// Usage:   RecordParser parser(RecordFormat::kCsv, kLongest);
//          for (line : file) if (parser.take(line, record, why) == RecordParser::kRecord) use(record);
//          if (!parser.finish(why)) report(why);
// Threads: one.
// Cost:    one pass; the record's strings are reused.
// Limits:  a CSV record over several lines has at most `longest` bytes.
class RecordParser {
 public:
  // kNothing: a blank line, the heading, or a part of a record. kNoHeading: no line can be read without one.
  enum Took { kRecord, kNothing, kBad, kNoHeading };

  RecordParser(RecordFormat format, std::size_t longest) : format_(format), longest_(longest) {}

  // `why` is set on kBad and kNoHeading.
  Took take(std::string_view line, ImportRecord& record, std::string& why);
  // Whether the next line has to be taken to know what the ones behind it mean.
  bool wants_heading() const { return columns_.empty() && has_columns(); }
  // Whether the last line left a record unfinished.
  bool within_record() const { return !pending_.empty(); }
  // False if the input ends within a record.
  bool finish(std::string& why) const;

 private:
  enum class Column { kKey, kKeyB64, kValue, kValueB64, kTtl, kExpiresAt, kIgnored };

  bool has_columns() const { return format_ == RecordFormat::kCsv || format_ == RecordFormat::kTsv; }
  bool split(std::string_view line, std::string& why);
  bool hold(std::string_view line, std::string& why);
  Took take_heading(std::string& why);
  bool take_cells(ImportRecord& record, std::string& why) const;

  RecordFormat format_;
  std::size_t longest_;
  std::string pending_;  // CSV: lines of a record whose last cell is still open
  std::vector<std::string> cells_;
  std::vector<Column> columns_;
};

}  // namespace flashkv::kvctl
