// Why a server could not listen on an address.
#pragma once

#include <string>

namespace flashkv {

// Purpose: finds what stands against listening on `listen` (HOST:PORT, [IPV6]:PORT or unix:PATH) and says it
//          in one line; empty where nothing does. A unix socket that another server listens on is refused
//          here: gRPC would take its path over, and remove the path from under the one that has it.
// Usage:   if (std::string why = listen_refusal(config.listen); !why.empty()) return
//          {Code::kUnavailable, why};
// Cost:    resolves the name, binds and closes a socket for each of its addresses until one can be had.
// Limits:  another program may still take the address between this and the server's own bind.
std::string listen_refusal(const std::string& listen);

// The line for a bind() to HOST:PORT that failed with `error`.
std::string bind_refusal(const std::string& listen, int error);

}  // namespace flashkv
