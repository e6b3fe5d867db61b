// A check of the listen address, before gRPC binds it.
#pragma once

#include <string>

namespace flashkv {

// Purpose: returns one line about why the server cannot listen on `listen` (HOST:PORT, [IPV6]:PORT or
//          unix:PATH), or an empty string if it can. A unix socket that another server is listening on must
//          be refused here: gRPC would unlink its path and take it over.
// Usage:   if (std::string why = listen_refusal(listen); !why.empty()) return {Code::kUnavailable, why};
// Cost:    resolves the name, then binds and closes a socket for each of its addresses until one succeeds.
// Limits:  another program may still take the address before the server's own bind. SocketLock
//          (socket_lock.h) keeps other servers off a unix socket meanwhile.
std::string listen_refusal(const std::string& listen);

// The path of unix:PATH, decoded; empty for other addresses.
std::string unix_path(const std::string& listen);

// The line about a bind() to HOST:PORT that failed with `error`.
std::string bind_refusal(const std::string& listen, int error);

}  // namespace flashkv
