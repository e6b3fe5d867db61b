// import: writes the records of a file over one stream.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <thread>

#include "client/flashkv/writer.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/line_reader.h"
#include "client/kvctl/output.h"
#include "client/kvctl/progress.h"
#include "client/kvctl/records/parser.h"

namespace flashkv::kvctl {
namespace {

// JSON text can be six times as long as the bytes it encodes: \u0000.
constexpr std::size_t kLongestEscape = 6;
constexpr std::size_t kFieldNamesBytes = 1024;
// The rest of a request with one large record: Writer's bytes_per_request, and as much again for framing.
constexpr std::size_t kRestOfRequestBytes = std::size_t{2} << 20;

std::size_t longest_record(const client::Client& client) {
  return client.options().max_message_bytes - kRestOfRequestBytes;
}

std::size_t longest_line(const client::Client& client) {
  return kLongestEscape * longest_record(client) + kFieldNamesBytes;
}

// A record whose time is over is written, and expires at once: what the key held before must not stay.
std::int64_t ttl_ms_of(const ImportRecord& record) {
  using namespace std::chrono;
  if (record.expires_at_ms == 0) return record.ttl_ms;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  return std::max<std::int64_t>(record.expires_at_ms - now, 1);
}

// Purpose: one import: reads lines, streams records, and recovers from those the server rejects.
// Usage:   LineReader in(fd, longest_line(client)); return Import(client, settings, format).run(in, bytes);
// Threads: one.
class Import {
 public:
  Import(client::Client& client, const Settings& settings, RecordFormat format)
      : client_(client),
        settings_(settings),
        writer_(client, {.ops_per_request = settings.import.batch,
                         .window = settings.import.window,
                         .ack = settings.import.ack}),
        parser_(format, longest_line(client)) {}

  // Returns the exit code. total_bytes 0 = unknown.
  int run(LineReader& in, std::uint64_t total_bytes) {
    Progress progress({.what = "import", .total = total_bytes, .quiet = settings_.quiet});
    std::string_view line;
    auto next = LineReader::kLine;
    while (exit_ == kDone && interrupted == 0) {
      next = in.next(line);
      if (next == LineReader::kLine)
        take(line);
      else if (next == LineReader::kTooLong)
        refuse(++line_, "longer than " + std::to_string(longest_line(client_)) + " bytes");
      else if (next == LineReader::kIdle)
        flush();
      else
        break;
      progress.at(line_, in.consumed());
    }
    if (next == LineReader::kEnd && !parser_.finish(why_)) refuse(first_line_, why_);
    if (next == LineReader::kFailed)
      stop(kFailed, "cannot read past line " + std::to_string(line_) + "; importing again is safe");
    settle();
    progress.done();
    return finish();
  }

 private:
  void take(std::string_view line) {
    ++line_;
    if (line_ < settings_.import.from_line && !parser_.wants_heading()) return;
    if (!parser_.within_record()) first_line_ = line_;
    const auto took = parser_.take(line, record_, why_);
    if (took == RecordParser::kNoHeading) return stop(kUsage, place(first_line_) + why_);
    if (took == RecordParser::kBad) return refuse(first_line_, why_);
    if (took == RecordParser::kNothing) return;
    // A message over the limit would end the stream and lose the requests in flight.
    const std::size_t bytes = record_.key.size() + record_.value.size();
    const std::size_t most = longest_record(client_);
    if (bytes > most)
      return refuse(first_line_, "record: " + std::to_string(bytes) + " bytes, the limit for an import is " +
                                     std::to_string(most));
    put(record_.key, record_.value, ttl_ms_of(record_), first_line_);
    sent_.push_back(first_line_);
    forget_acknowledged();
  }

  static std::string place(std::uint64_t line) { return "line " + std::to_string(line) + ": "; }

  // Keeps sent_ to the records in flight, oldest first.
  void forget_acknowledged() {
    for (const std::uint64_t done = writer_.acknowledged(); forgotten_ < done && !sent_.empty(); ++forgotten_)
      sent_.pop_front();
  }

  // " --from-line N goes on": N is the first line that is not known to be imported. Nothing after a
  // rejection, from which on records are sent in another order.
  std::string how_to_go_on() {
    forget_acknowledged();
    if (out_of_order_ || line_ == 0) return "";
    const std::uint64_t next = !sent_.empty()            ? sent_.front()
                               : parser_.within_record() ? first_line_
                                                         : line_ + 1;
    return "; --from-line " + std::to_string(next) + " goes on";
  }

  // Called while a pipe is silent: sends the records read so far.
  void flush() {
    while (exit_ == kDone && !writer_.flush()) recover();
  }

  void put(std::string_view key, std::string_view value, std::int64_t ttl_ms, std::uint64_t line) {
    while (exit_ == kDone && !writer_.put(key, value, ttl_ms, line)) recover();
  }

  // The stream rejected a request or broke. The records of a rejected request are put one by one, which
  // finds the bad one. Then everything sent after them is put again, so that the last of several equal keys
  // still wins.
  void recover() {
    auto rejection = writer_.take_rejection();
    if (rejection) out_of_order_ = true;
    if (!rejection) {
      if (exit_ == kDone) broken_ = writer_.error();
      if (exit_ == kDone) exit_ = exit_code_of(broken_ ? broken_->code : client::Errc::kUnknown);
      return;
    }
    for (const auto& item : rejection->items) {
      if (exit_ != kDone) return;
      auto done = put_alone(item);
      if (done) {
        ++singly_;
      } else if (exit_code_of(done.error().code) == kUsage) {
        refuse(item.tag, done.error().message);
      } else {
        broken_ = done.error();
        exit_ = exit_code_of(broken_->code);
      }
    }
    for (const auto& item : rejection->later) put(item.key, item.value, item.ttl_ms, item.tag);
  }

  // A full queue slows a stream down but fails a single call, which is retried here.
  client::Result<client::PutResult> put_alone(const client::Writer::Item& item) {
    for (;;) {
      auto done = client_.put(item.key, item.value, {.ttl_ms = item.ttl_ms, .ack = settings_.import.ack});
      const bool full = !done && done.error().code == client::Errc::kResourceExhausted &&
                        done.error().message.find("queue full") != std::string::npos;
      if (!full || interrupted != 0) return done;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  void refuse(std::uint64_t line, const std::string& why) {
    ++bad_;
    const std::string text = place(line) + why;
    if (settings_.import.skip_bad)
      complain(text + " (skipped)");
    else
      stop(kUsage, text + "; fix the line, or rerun with --skip-bad");
  }

  void stop(ExitCode code, const std::string& text) {
    if (exit_ != kDone) return;
    exit_ = code;
    last_words_ = text;
  }

  // Waits until everything put is answered, even after a bad line, so that the count is exact.
  void settle() {
    while (!writer_.drain()) {
      const ExitCode before = exit_;
      if (writer_.error()) {
        if (!broken_) broken_ = writer_.error();
        if (exit_ == kDone) exit_ = exit_code_of(broken_->code);
        return;
      }
      recover();
      if (before != kDone || exit_ != kDone) return;
    }
    if (auto failed = writer_.close(); failed && exit_ == kDone) {
      broken_ = failed;
      exit_ = exit_code_of(failed->code);
    }
  }

  int finish() {
    const std::uint64_t imported = writer_.acknowledged() + singly_;
    const std::string count =
        std::to_string(imported) + (imported == 1 ? " record" : " records") + " imported";
    if (broken_) {
      complain(advice(*broken_, settings_) + "; " + count + " and acknowledged; importing again is safe" +
               how_to_go_on());
      return exit_;
    }
    if (exit_ != kDone) {
      complain(last_words_ + "; " + count);
      return exit_;
    }
    if (interrupted != 0) {
      complain("stopped; " + count + " and acknowledged; importing again is safe" + how_to_go_on());
      return kInterrupted;
    }
    const Output output(settings_.format);
    if (settings_.format == Format::kSimple)
      std::printf("%s\n", (count + (bad_ > 0 ? ", " + std::to_string(bad_) + " skipped" : "")).c_str());
    else
      output.fields({{"imported", std::to_string(imported)},
                     {"skipped", std::to_string(bad_)},
                     {"revision", std::to_string(writer_.last_revision())}});
    return kDone;
  }

  static constexpr int kInterrupted = 130;  // as a shell reports SIGINT

  client::Client& client_;
  const Settings& settings_;
  client::Writer writer_;
  RecordParser parser_;
  ImportRecord record_;
  std::string why_;
  std::uint64_t line_ = 0, bad_ = 0, singly_ = 0;
  std::uint64_t first_line_ = 1;    // of the record at hand
  std::deque<std::uint64_t> sent_;  // the lines of records in flight, in their order
  std::uint64_t forgotten_ = 0;     // how many left sent_
  bool out_of_order_ = false;
  ExitCode exit_ = kDone;
  std::string last_words_;
  std::optional<client::Error> broken_;
};

}  // namespace

int run_import(client::Client& client, const Settings& settings) {
  const std::string& path = settings.import.file;
  if (settings.stdin_is_script && path == "-") {
    complain(kScriptOnStdin);
    return kUsage;
  }
  // Tells a missing server apart from one that dies during the import.
  if (auto there = client.health(); !there) return fail(there.error(), settings);
  const InterruptScope ctrl_c;
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about = {};
  if (fd < 0 || ::fstat(fd, &about) != 0 || S_ISDIR(about.st_mode)) {
    complain("cannot read " + path + "; name a file, or - for standard input");
    return kUsage;
  }
  if (fd == STDIN_FILENO && ::isatty(fd) != 0 && !settings.quiet)
    complain("reading records from standard input; Ctrl-D ends the input");
  const auto format = format_named(settings.import.format).value_or(format_of_file(path));
  LineReader in(fd, longest_line(client));
  const int code = Import(client, settings, format)
                       .run(in, S_ISREG(about.st_mode) ? static_cast<std::uint64_t>(about.st_size) : 0);
  if (fd != STDIN_FILENO) ::close(fd);
  return code;
}

}  // namespace flashkv::kvctl
