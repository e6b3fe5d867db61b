// Loaded before the C library (LD_PRELOAD): a disk that fails when it is told to, and a record of what it has
// synced.
//   DISK_FAULTS_FOLDER    the folder whose files are meant
//   DISK_FAULTS_CONTROL   a file whose first byte says how they fail: 'S' no space left, 'E' input/output
//                         error, any other: not at all
//   DISK_FAULTS_SYNCED    a file that gets a line "SIZE PATH" for each sync, before the caller hears of it
// A machine that loses power keeps of each file what was synced, and of the rest any beginning.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}
using Write = ssize_t (*)(int, const void*, size_t);
using PWrite = ssize_t (*)(int, const void*, size_t, off_t);
using Sync = int (*)(int);

ssize_t real_write(int fd, const void* from, size_t size) {
  static const auto call = next<Write>("write");
  return call(fd, from, size);
}

// The file's path when it is one of the disk's; else empty.
bool path_of(int fd, char (&path)[4096]) {
  static const char* const disk = std::getenv("DISK_FAULTS_FOLDER");
  if (disk == nullptr) return false;
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = '\0';
  return std::strncmp(path, disk, std::strlen(disk)) == 0;
}

// The error that this call is to fail with; 0 = none.
int fault(int fd) {
  static const char* const file = std::getenv("DISK_FAULTS_CONTROL");
  char path[4096];
  if (file == nullptr || !path_of(fd, path)) return 0;
  const int control = open(file, O_RDONLY | O_CLOEXEC);
  char how = '-';
  if (control >= 0) {
    if (read(control, &how, 1) != 1) how = '-';
    close(control);
  }
  return how == 'S' ? ENOSPC : how == 'E' ? EIO : 0;
}

void record_sync(int fd) {
  static const char* const file = std::getenv("DISK_FAULTS_SYNCED");
  char path[4096];
  struct stat status;
  if (file == nullptr || !path_of(fd, path) || fstat(fd, &status) != 0) return;
  char line[4200];
  const int length =
      std::snprintf(line, sizeof line, "%lld %s\n", static_cast<long long>(status.st_size), path);
  const int to = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (to < 0 || real_write(to, line, static_cast<size_t>(length)) != length) abort();
  close(to);
}

int sync(int fd, const char* name) {
  if (const int error = fault(fd); error != 0) return errno = error, -1;
  const int result = next<Sync>(name)(fd);
  if (result == 0) record_sync(fd);
  return result;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* from, size_t size) {
  if (const int error = fault(fd); error != 0) return errno = error, -1;
  return real_write(fd, from, size);
}

ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
  static const auto call = next<PWrite>("pwrite");
  if (const int error = fault(fd); error != 0) return errno = error, -1;
  return call(fd, from, size, at);
}

ssize_t pwrite64(int fd, const void* from, size_t size, off_t at) { return pwrite(fd, from, size, at); }

int fsync(int fd) { return sync(fd, "fsync"); }
int fdatasync(int fd) { return sync(fd, "fdatasync"); }
}
