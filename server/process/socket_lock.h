// One server on one unix socket.
#pragma once

#include <string>

namespace flashkv {

// Purpose: makes sure that of several servers started on one unix socket path at the same time one serves and
//          the others are refused: each would find nobody listening, and then replace the others' socket. The
//          lock is on a file beside the socket, PATH.lock, and ends with the process, however that ends.
// Usage:   SocketLock lock;  if (std::string why = lock.take(listen); !why.empty()) return refused(why);
// Threads: its owner's.
// Lifetime: keeps the lock until it is destroyed, and then removes the file.
// Limits:  none for addresses other than unix:PATH.
class SocketLock {
 public:
  SocketLock() = default;
  SocketLock(const SocketLock&) = delete;
  SocketLock& operator=(const SocketLock&) = delete;
  ~SocketLock();

  // Returns one line about why there is no lock, or an empty string. Never waits.
  std::string take(const std::string& listen);

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace flashkv
