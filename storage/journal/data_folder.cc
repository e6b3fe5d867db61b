#include "storage/journal/data_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace flashkv {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr std::string_view kMark = "flashkv data, format ";

Status refuse(const std::string& folder, const std::string& why) {
  return {Code::kFailedPrecondition, "data-dir: " + folder + why};
}

std::string mark_file(const std::string& folder) { return folder + "/FLASHKV"; }
// Written at the beginning, renamed at the end.
std::string early_mark(const std::string& folder) { return folder + "/FLASHKV.new"; }

Status sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  return synced ? Status() : refuse(folder, ": cannot be synced: " + std::string(std::strerror(error)));
}

Status write_early_mark(const std::string& folder) {
  const std::string temporary = early_mark(folder);
  const std::string text = std::string(kMark) + std::to_string(kFormat) + "\n";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!written) return refuse(folder, ": cannot write there: " + std::string(std::strerror(error)));
  return {};
}

Status check_mark(const std::string& folder) {
  std::ifstream file(mark_file(folder));
  std::string line;
  if (!std::getline(file, line)) return refuse(folder, "/FLASHKV: cannot be read");
  int format = 0;
  if (line.starts_with(kMark)) std::from_chars(line.data() + kMark.size(), line.data() + line.size(), format);
  if (format < 1) return refuse(folder, "/FLASHKV: is not what kvd writes; name another folder");
  if (format > kFormat)
    return refuse(folder, " has format " + std::to_string(format) + ", this kvd reads up to format " +
                              std::to_string(kFormat) + "; use the newer kvd");
  return {};
}

}  // namespace

Status claim_folder(const std::string& folder, bool& is_new) {
  is_new = false;
  std::error_code failed;
  if (!fs::exists(folder, failed) && !failed) {
    fs::create_directory(folder, failed);
    if (!failed) fs::permissions(folder, fs::perms::owner_all, failed);
    const fs::path parent = fs::absolute(folder).parent_path();
    if (Status s = failed ? Status() : sync_folder(parent.string()); !s.ok()) return s;
  }
  if (failed) return refuse(folder, ": " + failed.message());
  if (!fs::is_directory(folder, failed)) return refuse(folder, " is not a folder");
  if (fs::exists(mark_file(folder), failed)) return check_mark(folder);
  is_new = true;
  const bool interrupted = fs::exists(early_mark(folder), failed);
  const bool empty = fs::is_empty(folder, failed);
  if (failed) return refuse(folder, ": " + failed.message());
  if (!empty && !interrupted) return refuse(folder, " is not empty and not kvd's; name an empty folder");
  return write_early_mark(folder);
}

Status mark_folder(const std::string& folder) {
  std::error_code failed;
  fs::rename(early_mark(folder), mark_file(folder), failed);
  if (failed) return refuse(folder, ": cannot write there: " + failed.message());
  return sync_folder(folder);
}

std::string journal_folder(const std::string& folder) { return folder + "/journal"; }

}  // namespace flashkv
