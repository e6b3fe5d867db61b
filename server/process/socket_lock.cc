#include "server/process/socket_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "server/process/listen_check.h"

namespace flashkv {
namespace {

// Whether `path` still names the open file: the server that had locked it before removes it at its end.
bool is_named(int descriptor, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

SocketLock::~SocketLock() {
  if (descriptor_ < 0) return;
  unlink(path_.c_str());
  close(descriptor_);
}

std::string SocketLock::take(const std::string& listen) {
  const std::string socket = unix_path(listen);
  if (socket.empty()) return {};
  const std::string path = socket + ".lock";
  for (;;) {
    const int opened = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool locked = opened >= 0 && flock(opened, LOCK_EX | LOCK_NB) == 0;
    if (locked && is_named(opened, path)) {
      path_ = path;
      descriptor_ = opened;
      return {};
    }
    const int error = errno;
    if (opened >= 0) close(opened);
    if (locked) continue;
    if (error == EWOULDBLOCK) return "--listen: another server is listening on unix:" + socket;
    return "--listen: cannot listen on unix:" + socket + ": " + path + ": " +
           std::generic_category().message(error);
  }
}

}  // namespace flashkv
