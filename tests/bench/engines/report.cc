#include "tests/bench/engines/report.h"

#include <algorithm>
#include <cstdio>

#include "tests/bench/interleaved.h"

namespace flashkv::bench {
namespace {

// "12.3 [12.0 13.1]", or the one value where there is one round.
std::string text_of(const std::vector<double>& samples) {
  const auto number = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text,
                  value != 0 && value < 10 ? "%.3f"
                  : value < 1'000          ? "%.1f"
                                           : "%.0f",
                  value);
    return std::string(text);
  };
  const double median = quantile(samples, 0.5);
  if (samples.size() < 2) return number(median);
  std::string text = number(median);
  text.append(" [").append(number(quantile(samples, 0.25))).append(" ");
  return text.append(number(quantile(samples, 0.75))).append("]");
}

std::string conditions(const Row& row) {
  std::string text = row.workload;
  if (!row.variant.empty()) text.append(", ").append(row.variant);
  if (!row.distribution.empty()) text.append(", ").append(row.distribution);
  if (row.readers > 0) text.append(", ").append(std::to_string(row.readers)).append(" readers");
  return text;
}

using Lines = std::vector<std::vector<std::string>>;

void print_aligned(const Lines& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  for (const auto& line : lines) {
    std::string text = " ";
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string blanks(widths[i] - line[i].size(), ' ');
      text.append(" ").append(i == 0 ? line[i] + blanks : blanks + line[i]).append(" ");
    }
    text.erase(text.find_last_not_of(' ') + 1);
    std::printf("%s\n", text.c_str());
  }
}

nlohmann::ordered_json summary(const std::vector<double>& samples) {
  return {{"median", quantile(samples, 0.5)}, {"q1", quantile(samples, 0.25)},
          {"q3", quantile(samples, 0.75)},    {"min", quantile(samples, 0)},
          {"max", quantile(samples, 1)},      {"samples", samples}};
}

}  // namespace

void Row::add(const std::string& metric, double sample) {
  for (auto& [name, samples] : metrics) {
    if (name == metric) return samples.push_back(sample);
  }
  metrics.push_back({metric, {sample}});
}

const std::vector<double>* Row::find(const std::string& metric) const {
  for (const auto& [name, samples] : metrics) {
    if (name == metric) return &samples;
  }
  return nullptr;
}

Row& Report::row(Row started) { return rows_.emplace_back(std::move(started)); }

void Report::print_new(const std::string& title) {
  std::string last;
  Lines lines;
  std::vector<std::string> notes;
  const auto flush = [&] {
    if (lines.empty()) return;
    std::printf("%s (%s)\n", last.c_str(), title.c_str());
    print_aligned(lines);
    for (const std::string& note : notes) std::printf("  %s\n", note.c_str());
    std::printf("\n");
    lines.clear();
    notes.clear();
  };
  for (; printed_ < rows_.size(); ++printed_) {
    const Row& row = rows_[printed_];
    if (row.metrics.empty() && row.note.empty()) continue;
    if (conditions(row) != last) flush();
    last = conditions(row);
    if (lines.empty()) lines.push_back({"", "keys"});
    for (const auto& [name, samples] : row.metrics) {
      if (std::find(lines[0].begin(), lines[0].end(), name) == lines[0].end()) lines[0].push_back(name);
    }
    std::vector<std::string> line{row.contestant + (row.kind == "floor" ? " (floor)" : ""),
                                  std::to_string(row.keys)};
    for (std::size_t i = 2; i < lines[0].size(); ++i) {
      const std::vector<double>* samples = row.find(lines[0][i]);
      line.push_back(samples == nullptr ? "-" : text_of(*samples));
    }
    lines.push_back(std::move(line));
    if (!row.note.empty()) notes.push_back(row.contestant + ": " + row.note);
  }
  flush();
  std::fflush(stdout);
}

nlohmann::ordered_json Report::json() const {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Row& row : rows_) {
    nlohmann::ordered_json one{{"workload", row.workload}, {"contestant", row.contestant},
                               {"kind", row.kind},         {"keys", row.keys},
                               {"readers", row.readers},   {"distribution", row.distribution},
                               {"variant", row.variant},   {"note", row.note}};
    for (const auto& [name, samples] : row.metrics) one["metrics"][name] = summary(samples);
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace flashkv::bench
