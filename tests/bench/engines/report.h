// Figures as they come in, as a table to read and as JSON to draw from.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace flashkv::bench {

// Purpose: everything measured of one contestant under one set of conditions.
struct Row {
  std::string workload;
  std::string contestant;
  std::string kind;          // "engine", "baseline", "floor" or "loop"
  std::string distribution;  // "" where nothing is drawn
  std::string variant;       // what else tells rows of a workload apart
  std::uint64_t keys = 0;
  unsigned readers = 0;
  std::string note;
  // Unit at the end of the name. One sample a round, in the rounds' order.
  std::vector<std::pair<std::string, std::vector<double>>> metrics;

  void add(const std::string& metric, double sample);
  const std::vector<double>* find(const std::string& metric) const;
};

// Purpose: collects rows; rows of the same conditions stand in one block of the printed table.
// Lifetime: rows stay where they are until the report goes.
class Report {
 public:
  Row& row(Row started);
  // Prints the rows since the last call.
  void print_new(const std::string& title);
  nlohmann::ordered_json json() const;

 private:
  std::deque<Row> rows_;
  std::size_t printed_ = 0;
};

}  // namespace flashkv::bench
