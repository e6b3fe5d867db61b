#include "client/kvctl/top/layout.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using Look = TopLine::Look;
using Lines = std::vector<TopLine>;
using Cells = std::vector<std::string>;

constexpr std::size_t kLabelWidth = 11;
constexpr std::size_t kCellWidth = 17;  // four cells and the label fill 79 of 80 columns
constexpr std::size_t kFewestMethods = 3;
constexpr const char* kUnknown = "-";

// Small rates would all be 0 or 1 without a decimal.
std::string rate(const std::optional<double>& per_second) {
  constexpr double kWhole = 9.95;
  if (!per_second) return kUnknown;
  if (*per_second == 0) return "0";
  if (*per_second >= kWhole) return format_count(static_cast<std::uint64_t>(*per_second + 0.5));
  char text[16];
  std::snprintf(text, sizeof text, "%.1f", std::max(*per_second, 0.1));
  return text;
}

std::string per_second(const std::optional<double>& r) { return r ? rate(r) + "/s" : kUnknown; }
std::string count(std::uint64_t n) { return format_count(n); }
std::string bytes(std::uint64_t n) { return format_bytes(n); }
std::string time(std::uint64_t ns) { return format_nanoseconds(ns); }
std::string time_us(std::uint64_t us) { return format_nanoseconds(us * 1000); }
std::string word(const std::string& text) { return text.empty() ? kUnknown : text; }

std::string percent(const std::optional<double>& processors) {
  if (!processors) return kUnknown;
  char text[24];
  std::snprintf(text, sizeof text, "%.0f%%", *processors * 100);
  return text;
}

// A character that is not printable ASCII takes no known number of columns.
std::string ascii(std::string text) {
  for (char& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  return text;
}

std::string clipped(std::string text, std::size_t width) {
  if (width != 0 && text.size() > width) text.resize(width);
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// The label and as many of the cells as fit, each where a column of cells begins.
std::string row(const std::string& label, const Cells& cells, std::size_t width) {
  std::string line = label;
  line.resize(std::max(kLabelWidth, line.size() + 1), ' ');
  std::size_t column = line.size();
  for (const std::string& cell : cells) {
    if (width != 0 && column + cell.size() > width) break;
    line.resize(column, ' ');
    line += cell;
    column += (cell.size() / kCellWidth + 1) * kCellWidth;
  }
  return line;
}

struct Row {
  std::string label;
  Cells cells;
};

Row memory_row(const v1::StatsResponse& s) {
  const bool known = counts_memory(s);
  const std::string used =
      !known ? kUnknown
             : bytes(s.memory_used_bytes()) +
                   (s.memory_limit_bytes() == 0 ? " (no limit)" : " of " + bytes(s.memory_limit_bytes()));
  return {"memory",
          {used, "rss " + bytes(s.rss_bytes()), "refused " + (known ? count(s.memory_refusals()) : kUnknown),
           "eviction " + word(s.eviction())}};
}

// The most important first: the last ones go where there is no room.
std::vector<Row> rows_of(const v1::StatsResponse& s, const Rates& r) {
  const std::uint64_t hidden =
      s.assigned_revision() - std::min(s.published_revision(), s.assigned_revision());
  return {{"requests",
           {per_second(r.requests), "errors " + per_second(r.errors), "slow " + per_second(r.slow),
            "CPU " + percent(r.cpu), "request threads " + count(s.request_threads())}},
          {"mutations",
           {per_second(r.mutations), "rejected " + per_second(r.rejected), "expired " + per_second(r.expired),
            "evicted " + per_second(r.evicted)}},
          {"keys",
           {count(s.keys()), "revision " + std::to_string(s.published_revision()),
            "unpublished " + count(hidden)}},
          memory_row(s),
          {"queue",
           {count(s.queue_requests()) + " of " + count(s.queue_requests_limit()),
            bytes(s.queue_bytes()) + " of " + bytes(s.queue_bytes_limit())}},
          {"publishes",
           {per_second(r.publishes), "put off " + per_second(r.deferrals),
            "batch " + rate(r.batch_ops) + " ops"}},
          {"store",
           {"records " + bytes(s.record_bytes()), "index " + bytes(s.index_bytes()),
            "retired " + bytes(s.retired_bytes()),
            "order " + (s.ordered_index() ? bytes(s.ordered_bytes()) : "off"),
            "to be reused " + bytes(s.waiting_bytes())}},
          {"watches",
           {count(s.watches()), "lag " + count(s.watch_lag()),
            "pins " + count(s.pins()) + " of " + count(s.pins_limit()), "pinned " + bytes(s.pinned_bytes()),
            "history " + bytes(s.watch_history_bytes())}}};
}

// Columns of figures, right-aligned, behind a name. Those that do not fit are left out, the last ones first.
struct Table {
  std::size_t name_width;
  std::vector<std::size_t> widths;

  std::string line(const std::string& name, const Cells& cells, std::size_t width) const {
    std::string out = name;
    out.resize(std::max(name_width, name.size()), ' ');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t room = std::max(widths[i], cells[i].size() + (out.ends_with(' ') ? 0 : 1));
      if (width != 0 && out.size() + room > width) break;
      out.append(room - cells[i].size(), ' ').append(cells[i]);
    }
    return out;
  }
};

Lines distributions(const v1::StatsResponse& s, std::size_t width) {
  const Table table{.name_width = 20, .widths = {10, 10, 10, 10}};
  const auto figures = [](const v1::Distribution& d, auto unit) {
    if (d.count() == 0) return Cells(4, kUnknown);
    return Cells{unit(d.p50()), unit(d.p99()), unit(d.p999()), unit(d.max())};
  };
  Lines lines{{table.line("since the start", {"p50", "p99", "p99.9", "max"}, width), Look::kHeading}};
  lines.push_back({table.line("applied to published", figures(s.publish_lag_ns(), time), width)});
  lines.push_back({table.line("wait for readers", figures(s.writer_wait_ns(), time), width)});
  lines.push_back({table.line("operations a batch", figures(s.batch_ops(), count), width)});
  return lines;
}

Lines methods_of(const Rates& rates, std::size_t width) {
  const Table table{.name_width = 13, .widths = {9, 9, 9, 9, 9, 16}};
  if (rates.methods.empty()) return {};
  Lines lines{
      {table.line("method", {"calls/s", "p50", "p99", "max", "errors/s", "calls"}, width), Look::kHeading}};
  for (const MethodRates& m : rates.methods) {
    const auto& l = m.latency;
    lines.push_back(
        {table.line(ascii(m.name),
                    {rate(m.calls), l ? time_us(l->p50) : kUnknown, l ? time_us(l->p99) : kUnknown,
                     l ? time_us(l->max) : kUnknown, rate(m.errors), count(m.total)},
                    width)});
  }
  return lines;
}

std::string title(const TopView& view) {
  const v1::StatsResponse& s = view.stats;
  std::string line = "kvctl top  ";
  line += view.endpoint + "  up ";
  line += format_duration(std::chrono::milliseconds(s.uptime_ms() / 1000 * 1000)) + "  kvd ";
  line += s.version() + "  ";
  line += s.engine() + " ";
  return line += s.guard();
}

// How many lines of each part there is room for. Blank lines take theirs from the methods, which are last.
struct Shares {
  std::size_t rows, distributions, methods;
  bool blanks;
};

Shares shares_of(std::size_t room, const Shares& wanted) {
  const std::size_t few = std::min(wanted.methods, kFewestMethods + 1);  // with their heading
  Shares s{.rows = std::min(wanted.rows, room), .distributions = 0, .methods = 0, .blanks = false};
  if (room < wanted.rows + few)
    s.rows = std::min(s.rows, std::max<std::size_t>(1, room - std::min(room, few)));
  room -= s.rows;
  s.methods = std::min(wanted.methods, room);
  if (s.methods == 1) s.methods = 0;  // a heading only
  // The distributions come before further methods.
  if (room >= few + wanted.distributions) {
    s.distributions = wanted.distributions;
    s.methods = std::min(wanted.methods, room - s.distributions);
    s.blanks = room >= s.distributions + few + 2;
  }
  return s;
}

void append(Lines& to, Lines part, std::size_t lines, bool blank) {
  if (lines == 0) return;
  if (blank) to.push_back({});
  to.insert(to.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(std::min(lines, part.size())));
}

}  // namespace

std::vector<TopLine> top_lines(const TopView& view, std::size_t width, std::size_t height) {
  Lines lines{{title(view), Look::kTitle}};
  if (!view.trouble.empty()) lines.push_back({ascii(view.trouble), Look::kTrouble});
  Lines rows;
  for (const Row& each : rows_of(view.stats, view.rates))
    rows.push_back({row(each.label, each.cells, width)});
  Lines spread = distributions(view.stats, width);
  Lines methods = methods_of(view.rates, width);
  const Shares all{
      .rows = rows.size(), .distributions = spread.size(), .methods = methods.size(), .blanks = true};
  const Shares shares = height == 0 ? all : shares_of(height - std::min(height, lines.size()), all);
  append(lines, std::move(rows), shares.rows, false);
  append(lines, std::move(spread), shares.distributions, shares.blanks);
  append(lines, std::move(methods), shares.methods, shares.blanks);
  if (height != 0 && lines.size() > height) lines.resize(height);
  for (TopLine& line : lines) line.text = clipped(ascii(std::move(line.text)), width);
  return lines;
}

}  // namespace flashkv::kvctl
