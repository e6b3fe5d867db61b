#include "client/flashkv/endpoint.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace flashkv::client {
namespace {

constexpr std::string_view kDefaultPort = ":7400";
constexpr std::array<std::string_view, 6> kResolvers{
    "dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "vsock:"};

Error refuse(std::string_view endpoint, const std::string& why) {
  return {.code = Errc::kInvalidArgument,
          .message = "endpoint \"" + std::string(endpoint) + "\": " + why +
                     "; give HOST:PORT, such as 127.0.0.1:7400"};
}

// A service name such as "https" is looked up by gRPC.
bool usable_port(std::string_view port) {
  if (port.empty()) return false;
  if (port.find_first_not_of("0123456789") != std::string_view::npos) return true;
  unsigned number = 0;
  const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
  return read.ec == std::errc{} && number >= 1 && number <= 65'535;
}

}  // namespace

Result<std::string> complete_endpoint(std::string_view endpoint) {
  if (endpoint.empty()) return refuse(endpoint, "empty");
  const auto starts_it = [endpoint](std::string_view resolver) { return endpoint.starts_with(resolver); };
  if (std::any_of(kResolvers.begin(), kResolvers.end(), starts_it)) return std::string(endpoint);
  if (endpoint.find('/') != std::string_view::npos)
    return refuse(endpoint, endpoint.find("://") != std::string_view::npos ? "a URL" : "not an address");
  const std::size_t colon = endpoint.rfind(':');
  const bool bracketed = endpoint.starts_with('[');
  if (bracketed && endpoint.find(']') == std::string_view::npos) return refuse(endpoint, "\"]\" is missing");
  if (bracketed ? endpoint.ends_with(']') : colon == std::string_view::npos)
    return std::string(endpoint).append(kDefaultPort);
  // Several colons without brackets: an IPv6 address and no port.
  if (!bracketed && endpoint.find(':') != colon)
    return std::string("[").append(endpoint).append("]").append(kDefaultPort);
  if (!usable_port(endpoint.substr(colon + 1))) return refuse(endpoint, "the port must be 1 to 65535");
  return std::string(endpoint);
}

}  // namespace flashkv::client
