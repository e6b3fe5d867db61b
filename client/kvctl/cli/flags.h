// Kinds of flags and checks that CLI11 lacks.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "client/flashkv/types.h"

namespace flashkv::kvctl {

// A flag that takes one of a set of words. Unlike CLI11's transformer, its error lists the words, not their
// values. Its type in the help, "a|b|c", is also what completion offers.
template <typename T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& to,
                        const std::map<std::string, T>& choices, const std::string& help) {
  std::string words, type;
  for (const auto& [word, value] : choices) {
    words += (words.empty() ? "" : ", ") + word;
    type += (type.empty() ? "" : "|") + word;
  }
  return app
      .add_option_function<std::string>(
          name,
          [&to, &choices, name, words](const std::string& word) {
            const auto found = choices.find(word);
            if (found == choices.end())
              throw CLI::ValidationError(name, "\"" + word + "\" is not one of " + words);
            to = found->second;
          },
          help)
      ->type_name(type);
}

// The type of an option that names a file: help and completion go by it.
constexpr const char* kFile = "FILE";

CLI::Option* add_ack(CLI::App& app, client::Ack& to, const std::string& help);
CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::function<void(std::chrono::microseconds)> take, const std::string& help);

// Rounds up, so that a short time never becomes 0.
std::chrono::milliseconds whole_ms(std::chrono::microseconds us);

// Checks for CLI::Option::check(): each returns an error, or an empty string. CLI11 by itself takes "-1" for
// the largest number and "010" for 8.
std::string decimal(const std::string& text);
std::string not_zero(const std::string& text);
std::string not_negative(const std::string& text);
// 1 to 2^63 - 1.
std::string request_count(const std::string& text);
// 0, or at least one request per 10^6 seconds; finite.
std::string request_rate(const std::string& text);

}  // namespace flashkv::kvctl
