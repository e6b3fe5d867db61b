#include "server/process/listen_check.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

namespace flashkv {
namespace {

constexpr std::string_view kUnix = "unix:";

std::string reason(int error) { return std::generic_category().message(error); }

class Socket {
 public:
  Socket(int family, int type) : descriptor_(socket(family, type | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

// gRPC decodes %XX in an address.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    unsigned char byte = 0;
    const char* digits = text.data() + 1;
    if (text.size() >= 3 && text.front() == '%' &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      decoded.push_back(static_cast<char>(byte));
      text.remove_prefix(3);
    } else {
      decoded.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return decoded;
}

// 0, or the error from binding to `address` the way gRPC does: with SO_REUSEADDR, so that an earlier server's
// connections in TIME_WAIT do not matter.
int bind_error(const sockaddr* address, socklen_t length, int family) {
  const Socket probe(family, SOCK_STREAM);
  const int on = 1;
  if (probe.get() < 0) return errno;
  if (setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  return bind(probe.get(), address, length) == 0 ? 0 : errno;
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// The name's addresses; if it has none, sets `why`.
Addresses resolve(const std::string& host, const std::string& port, std::string& why) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found);
  if (failed != 0) why = failed == EAI_SYSTEM ? reason(errno) : gai_strerror(failed);
  return {found, freeaddrinfo};
}

// 0 if any of the addresses can be bound, which is enough for the server; else the first error.
int bind_error(const Addresses& addresses) {
  int error = 0;
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    const int now = bind_error(each->ai_addr, each->ai_addrlen, each->ai_family);
    if (now == 0) return 0;
    if (error == 0 || error == EAFNOSUPPORT) error = now;
  }
  return error;
}

std::string tcp_refusal(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const std::string port = listen.substr(colon + 1);
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  std::string why;
  int error = bind_error(resolve(host, port, why));
  if (!why.empty()) return "--listen: the name " + host + " does not resolve: " + why;
  // If gRPC cannot bind the IPv6 wildcard, it binds the IPv4 one.
  if (error != 0 && host == "::") error = bind_error(resolve("0.0.0.0", port, why));
  return error == 0 ? "" : bind_refusal(listen, error);
}

std::string unix_refusal(const std::string& path) {
  const std::string cannot = "--listen: cannot listen on unix:" + path + ": ";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return cannot + "the path is longer than " + std::to_string(sizeof address.sun_path - 1) + " bytes";
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) {
    if (errno != ENOENT) return cannot + reason(errno);
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    return access(folder.c_str(), W_OK | X_OK) == 0 ? "" : cannot + folder + ": " + reason(errno);
  }
  if (!S_ISSOCK(about.st_mode)) return cannot + "the path exists and is not a socket";
  const Socket probe(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
  if (probe.get() < 0) return cannot + reason(errno);
  const int connected = connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = connected == 0 ? 0 : errno;
  // EAGAIN: a server is listening, and its backlog is full. ECONNREFUSED: the server is gone, and the socket
  // file will be replaced.
  if (error == 0 || error == EAGAIN) return "--listen: another server is listening on unix:" + path;
  return error == ECONNREFUSED || error == ENOENT ? "" : cannot + reason(error);
}

}  // namespace

std::string bind_refusal(const std::string& listen, int error) {
  const std::size_t colon = listen.rfind(':');
  switch (error) {
    case EADDRINUSE:
      return "--listen: another server is listening on " + listen;
    case EADDRNOTAVAIL:
      return "--listen: " + listen.substr(0, colon) + " is not an address of this machine";
    case EACCES:
    case EPERM:
      return "--listen: port " + listen.substr(colon + 1) +
             " needs root or CAP_NET_BIND_SERVICE; choose a port of 1024 or above";
    default:
      return "--listen: cannot listen on " + listen + ": " + reason(error);
  }
}

std::string unix_path(const std::string& listen) {
  const std::string address = percent_decoded(listen);
  return address.starts_with(kUnix) ? address.substr(kUnix.size()) : "";
}

std::string listen_refusal(const std::string& listen) {
  const std::string address = percent_decoded(listen);
  return address.starts_with(kUnix) ? unix_refusal(address.substr(kUnix.size())) : tcp_refusal(address);
}

}  // namespace flashkv
