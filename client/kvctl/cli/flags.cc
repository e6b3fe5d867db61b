#include "client/kvctl/cli/flags.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

const std::map<std::string, client::Ack> kAcks{{"published", client::Ack::kPublished},
                                               {"applied", client::Ack::kApplied},
                                               {"durable", client::Ack::kDurable}};

// Slower rates would overflow the clock at the second request.
constexpr double kSlowestRate = 1e-6;

}  // namespace

CLI::Option* add_ack(CLI::App& app, client::Ack& to, const std::string& help) {
  return add_choice(app, "--ack", to, kAcks, help);
}

CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::function<void(std::chrono::microseconds)> take, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [take = std::move(take), name](const std::string& text) {
            const auto duration = parse_duration(text);
            if (!duration)
              throw CLI::ValidationError(
                  name, "\"" + text + "\" is neither 0 nor a duration such as 90s, 1h30m or 7d");
            take(*duration);
          },
          help)
      ->type_name("DURATION");
}

std::chrono::milliseconds whole_ms(std::chrono::microseconds us) {
  return std::chrono::ceil<std::chrono::milliseconds>(us);
}

std::string decimal(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || (text != "0" && text[0] == '0')) return "\"" + text + "\" is not a whole number";
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} ? "" : "\"" + text + "\" is too large";
}

std::string not_zero(const std::string& text) { return text == "0" ? "must be more than 0" : ""; }

std::string not_negative(const std::string& text) {
  return text.starts_with('-') ? "must not be negative" : "";
}

std::string request_count(const std::string& text) {
  if (std::string error = decimal(text) + not_zero(text); !error.empty()) return error;
  return std::strtoull(text.c_str(), nullptr, 10) > std::numeric_limits<std::int64_t>::max()
             ? "\"" + text + "\" is too large"
             : "";
}

std::string request_rate(const std::string& text) {
  if (std::string error = not_negative(text); !error.empty()) return error;
  char* end = nullptr;
  const double rate = std::strtod(text.c_str(), &end);
  const bool number = end == text.c_str() + text.size() && std::isfinite(rate);
  return number && (rate == 0 || rate >= kSlowestRate)
             ? ""
             : "\"" + text + "\" is neither 0 nor a number of at least 0.000001";
}

const std::map<std::string, std::string>& record_formats() {
  static const std::map<std::string, std::string> kFormats{
      {"auto", "auto"}, {"csv", "csv"}, {"jsonl", "jsonl"}, {"lines", "lines"}, {"tsv", "tsv"}};
  return kFormats;
}

}  // namespace flashkv::kvctl
