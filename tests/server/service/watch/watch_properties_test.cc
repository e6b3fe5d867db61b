// What every watch promises, under random load with expiries, transactions, slow clients and reconnects. One
// watch of everything, whose client is never slow, writes the log that the others are compared with; the log
// is checked by itself and against the store.
//   ordered, unique   revisions only grow, no event comes twice
//   atomic            the events of a revision come together
//   reliable          none is left out, of those in the range and not filtered
//   resumable         a new stream from the revision after the last one goes on without a gap
//   bookmarkable      when a progress reply comes, everything up to its revision has come
//   prev_kv           is what the key held before
#include <map>
#include <random>
#include <tuple>

#include "tests/server/service/watch/watch_fixture.h"

namespace flashkv::test {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr unsigned kSeeds = 4;
#else
constexpr unsigned kSeeds = 20;
#endif
constexpr int kSteps = 600;

// revision, key, type, value, previous value ("-": none)
using Line = std::tuple<std::uint64_t, std::string, int, std::string, std::string>;

Line line_of(const v1::Event& e) {
  return {e.kv().mod_revision(), e.kv().key(), e.type(), e.kv().value(),
          e.has_prev_kv() ? e.prev_kv().value() : "-"};
}

struct Client {
  std::unique_ptr<FakeStream> stream;
  KeyRange range;
  v1::WatchCreate create;
  std::vector<Line> got;
  std::uint64_t first = 1;                                       // the first revision it is to get
  std::uint64_t complete = 0;                                    // it has had everything up to here
  std::size_t parsed = 0;                                        // replies of this stream
  bool in_revision = false;                                      // after a fragment
  std::vector<std::pair<std::uint64_t, std::size_t>> bookmarks;  // the events that had come by then
};

class WatchProperties : public WatchTest, public testing::WithParamInterface<unsigned> {
 protected:
  std::size_t below(std::size_t n) { return random() % n; }
  std::string key() { return std::string(1, "abc"[below(3)]) + numbered("/", below(4)); }
  std::string value() {
    return numbered("v", ++values) + std::string(below(8) == 0 ? 100'000 : below(50), '.');
  }

  void draw_client(Client& c) {
    c.create.set_prev_kv(below(2) == 0);
    c.create.set_fragment(below(2) == 0);
    c.create.set_watch_id(1);
    const std::string from = key();
    switch (below(4)) {
      case 0:
        c.create.set_key(from);
        c.range = KeyRange::of_key(from);
        break;
      case 1:
        c.create.set_prefix("b/");
        c.range = KeyRange::of_prefix("b/");
        break;
      case 2:
        c.create.set_start(from);
        c.range = KeyRange::of(from, "");
        break;
      default:
        c.range = KeyRange::of("", "");
    }
    if (below(3) == 0) c.create.add_filters(v1::EVENT_TYPE_DELETE);
    c.first = store->published_revision() + 1;
    c.complete = c.first - 1;
    connect(c);
  }
  void connect(Client& c) {
    c.stream = open_stream();
    c.parsed = 0;
    v1::WatchRequest request;
    *request.mutable_create() = c.create;
    request.mutable_create()->set_start_revision(c.complete + 1);
    c.stream->send(request);
  }
  void reconnect(Client& c) {
    parse(c);
    // Of a revision that was cut off, all events come again.
    while (!c.got.empty() && std::get<0>(c.got.back()) > c.complete) c.got.pop_back();
    c.in_revision = false;
    c.stream->leave();
    connect(c);
  }

  void parse(Client& c) {
    const auto replies = c.stream->replies<v1::WatchResponse>();
    for (; c.parsed < replies.size(); ++c.parsed) {
      const v1::WatchResponse& r = replies[c.parsed];
      ASSERT_FALSE(r.canceled()) << r.cancel_reason();
      if (r.created()) continue;
      if (r.events_size() == 0 && !r.fragment() && !c.in_revision) {  // a bookmark
        ASSERT_GE(r.header().revision(), c.complete);
        c.complete = r.header().revision();
        c.bookmarks.emplace_back(c.complete, c.got.size());
        continue;
      }
      for (const v1::Event& e : r.events()) {
        ASSERT_GT(e.kv().mod_revision(), c.complete) << "a revision that was complete goes on";
        c.got.push_back(line_of(e));
      }
      c.in_revision = r.fragment();
      if (!r.fragment()) c.complete = r.header().revision();
    }
  }
  // Exactly what the log has for it, up to what is complete; behind a bookmark only what is later.
  void check(const Client& c) {
    std::vector<Line> wanted;
    for (const Line& line : log) {
      const auto& [revision, changed, type, text, prev] = line;
      const bool left_out = !c.create.filters().empty() && type == c.create.filters(0);
      if (revision < c.first || revision > c.complete || left_out || !c.range.contains(changed)) continue;
      wanted.push_back(line);
      if (!c.create.prev_kv()) std::get<4>(wanted.back()) = "-";
    }
    std::vector<Line> got = c.got;
    while (!got.empty() && std::get<0>(got.back()) > c.complete) got.pop_back();
    ASSERT_EQ(got.size(), wanted.size()) << "up to " << c.complete;
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], wanted[i]);
    for (const auto& [revision, had] : c.bookmarks) {
      ASSERT_TRUE(had >= got.size() || std::get<0>(got[had]) > revision) << "after a bookmark";
    }
  }

  void mutate() {
    switch (below(6)) {
      case 0:
        return erase(key());
      case 1: {
        v1::PutRequest brief;
        brief.set_key(key());
        brief.set_value(value());
        brief.set_ttl_ms(1 + static_cast<std::int64_t>(below(30)));
        put(brief);
        return;
      }
      case 2: {
        std::map<std::string, std::string> puts;
        for (std::size_t n = 1 + below(5); n > 0; --n) puts[key()] = value();
        return write({puts.begin(), puts.end()});
      }
      case 3:
        clock.advance(static_cast<Nanos>(below(20)) * kMs);
        return run_writer();
      default:
        put(key(), value());
    }
  }
  void move() {
    do {
      stream->run();
      for (Client& c : clients) c.stream->run();
    } while (inbox.deliver());
  }
  void read_log() {
    const auto replies = stream->replies<v1::WatchResponse>();
    std::uint64_t before = 0;
    log.clear();
    for (const v1::WatchResponse& r : replies) {
      if (r.events_size() == 0) continue;
      ASSERT_GT(r.events(0).kv().mod_revision(), before) << "a revision was split";
      for (const v1::Event& e : r.events()) log.push_back(line_of(e));
      before = std::get<0>(log.back());
    }
  }
  // Revisions without a gap, each key once in each, previous values that follow from the events before, and
  // at the end what the store holds.
  void check_log() {
    std::map<std::string, std::pair<std::uint64_t, std::string>> held;
    std::uint64_t revision = 0;
    for (const auto& [mod, changed, type, text, prev] : log) {
      ASSERT_TRUE(mod == revision || mod == revision + 1) << mod << " after " << revision;
      revision = mod;
      const auto now = held.find(changed);
      ASSERT_EQ(prev, now == held.end() ? "-" : now->second.second);
      ASSERT_TRUE(now == held.end() || now->second.first < mod) << changed << " twice in " << mod;
      if (type == v1::EVENT_TYPE_PUT) {
        held[changed] = {mod, text};
      } else {
        held.erase(now);
      }
    }
    ASSERT_EQ(revision, store->published_revision());
    for (const char* head : {"a", "b", "c"}) {
      for (std::size_t i = 0; i < 4; ++i) {
        const std::string each = std::string(head) + numbered("/", i);
        const v1::GetResponse found = get(each);
        ASSERT_EQ(found.has_kv(), held.contains(each)) << each;
        ASSERT_EQ(found.kv().value(), held.contains(each) ? held[each].second : "");
      }
    }
  }

  std::mt19937 random{GetParam()};
  std::uint64_t values = 0;
  std::vector<Line> log;
  std::deque<Client> clients;
};

TEST_P(WatchProperties, HoldUnderRandomLoad) {
  begin(std::uint64_t{1} << 30);
  watch_all(1, 0, true);
  for (int step = 0; step < kSteps; ++step) {
    if (clients.size() < 6 && below(20) == 0) draw_client(clients.emplace_back());
    for (std::size_t n = below(4); n > 0; --n) mutate();
    if (below(3) == 0) move();
    if (clients.empty()) continue;
    Client& c = clients[below(clients.size())];
    const std::size_t what = below(12);
    if (what < 3) c.stream->client_takes = !c.stream->client_takes;
    if (what == 3) reconnect(c);
    if (what == 4 || what == 5) {
      v1::WatchRequest request;
      request.mutable_progress();
      c.stream->send(request);
    }
  }
  // The writer takes out what has expired in pieces.
  clock.advance(100 * kMs);
  for (int i = 0; i < 20; ++i) run_writer();
  for (Client& c : clients) c.stream->client_takes = true;
  move();
  read_log();
  check_log();
  ASSERT_FALSE(clients.empty());
  for (Client& c : clients) {
    parse(c);
    v1::WatchRequest request;
    request.mutable_progress();
    c.stream->send(request);
    move();
    parse(c);
    EXPECT_EQ(c.complete, store->published_revision());
    check(c);
    if (HasFatalFailure()) return;
  }
  clients.clear();
}

INSTANTIATE_TEST_SUITE_P(Seeds, WatchProperties, testing::Range(1U, kSeeds + 1));

}  // namespace
}  // namespace flashkv::test
