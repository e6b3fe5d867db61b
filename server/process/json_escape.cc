
#include "server/process/log.h"

namespace flashkv::log {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length in bytes of the well-formed UTF-8 character at the front of `text`; 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : length;
}

void append_control(unsigned char c, std::string& to) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  to.append("\\u00");
  to.push_back(kDigits[c >> 4]);
  to.push_back(kDigits[c & 15]);
}

}  // namespace

std::string json_escaped(std::string_view text) {
  std::string to;
  to.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (length == 0) {
      to.append(kReplacement);
    } else if (length > 1) {
      to.append(text.substr(0, length));
    } else if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(text.front());
    } else if (c == '\n') {
      to.append("\\n");
    } else if (c < 0x20 || c == 0x7F) {
      append_control(c, to);
    } else {
      to.push_back(text.front());
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return to;
}

}  // namespace flashkv::log
