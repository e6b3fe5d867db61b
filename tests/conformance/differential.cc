#include "tests/conformance/differential.h"

#include <algorithm>
#include <array>

#include "tests/conformance/engine_test.h"

namespace flashkv::test {
namespace {

constexpr std::array<std::uint64_t, 8> kMasks{
    ~std::uint64_t{0}, 0, 1, 7, 0xff, 0xff00'0000'0000'0000, 0x8000'0000'0000'0001, 0x0000'00ff'0000'00ff};
constexpr std::size_t kLongest = 4'096;

// One engine, the guard it may hold, and what that guard saw when it was opened.
struct Player {
  EngineUnderTest engine;
  std::unique_ptr<HeldGuard> guard = nullptr;
  EngineUnderTest::Content seen{};
  std::vector<const Record*> found{};
  bool settled = false;

  void hold() {
    if (guard) return;
    guard = engine.hold();
    seen = engine.published();
    for (const auto& [key, value] : seen) found.push_back(guard->find(engine.probe(key)));
  }
  // Records found earlier stay readable as long as the guard lives, whatever has been published since.
  void leave() {
    if (!guard) return;
    std::size_t i = 0;
    for (const auto& [key, value] : seen) {
      const Record* record = found[i++];
      ASSERT_NE(record, nullptr) << key;
      ASSERT_EQ(record->value(), value);
      if (!engine.table().traits().atomic_batch) continue;
      const Record* again = guard->find(engine.probe(key));
      ASSERT_EQ(again, record) << "the state under a guard changed";
    }
    guard.reset();
    seen.clear();
    found.clear();
  }
};

class Game {
 public:
  Game(std::span<const std::uint8_t> input, const std::vector<EngineCase>& cases)
      : input_(input.first(std::min(input.size(), kLongest))) {
    EngineOptions options;
    options.hash = KeyHash(5, kMasks[next() % kMasks.size()]);
    for (const EngineCase& which : cases) {
      players_.push_back(std::unique_ptr<Player>(new Player{EngineUnderTest(which, options)}));
      names_.push_back(which.name);
    }
    each([](Player& p) { p.engine.begin(); });
  }
  // Guards first: one engine's guard may be a section that another engine's destructor would wait for.
  ~Game() {
    for (const auto& player : players_) player->guard.reset();
  }

  void play() {
    while (at_ < input_.size() && !::testing::Test::HasFailure()) move();
    each([](Player& p) {
      p.engine.publish();
      p.engine.expect_content();
      p.leave();
    });
    settle();
  }

 private:
  std::uint8_t next() { return at_ < input_.size() ? input_[at_++] : 0; }

  // Short keys that are prefixes of each other, with NULs, and some long ones.
  std::string key() {
    const unsigned n = next() % 64;
    std::string key(n % 8, static_cast<char>(n / 8));
    if (n % 8 == 7) key.append(300, 'x');
    return key;
  }

  template <typename F>
  void each(F&& act) {
    for (std::size_t i = 0; i < players_.size(); ++i) {
      SCOPED_TRACE(names_[i]);
      act(*players_[i]);
    }
  }

  void publish() {
    each([](Player& p) {
      p.engine.publish();
      // A guard that is held keeps some engines from the next batch.
      if (!p.engine.table().try_begin_batch(0)) p.leave();
      p.engine.begin();
    });
  }

  // All engines side by side: their grace periods take milliseconds each, and overlap.
  void settle() {
    bool settled = false;
    for (int i = 0; !settled && !::testing::Test::HasFailure(); ++i) {
      ASSERT_LT(i, 100'000) << "garbage is not freed";
      EngineUnderTest::pause(i);
      settled = true;
      each([&](Player& p) {
        if (!p.settled) settled &= p.settled = p.engine.settled();
      });
    }
  }

  void move() {
    const std::uint8_t what = next();
    switch (what % 16) {
      case 0:
      case 1:
        return publish();
      case 2:
        return each([](Player& p) { p.hold(); });
      case 3:
        return each([](Player& p) { p.leave(); });
      case 4:
        return prepare_unused();
      case 5:
        return read();
      case 6:
      case 7:
      case 8:
      case 9:
        return erase(what);
      default:
        return put(what);
    }
  }

  void put(std::uint8_t what) {
    const std::string value = std::to_string(++puts_);
    // Now and then a run of fresh keys, for growth.
    const unsigned run = what >= 250 ? 40 : 1;
    for (unsigned i = 0; i < run; ++i) {
      const std::string k = run == 1 ? key() : numbered("run", ++fresh_);
      each([&](Player& p) { ASSERT_TRUE(p.engine.put(k, value)); });
    }
  }
  void erase(std::uint8_t what) {
    if (what < 240) {
      const std::string k = key();
      return each([&](Player& p) { ASSERT_TRUE(p.engine.erase(k)); });
    }
    for (; fresh_ > 0; --fresh_) {
      each([&](Player& p) { ASSERT_TRUE(p.engine.erase(numbered("run", fresh_))); });
    }
  }
  void prepare_unused() {
    const std::array<std::string, 3> keys{key(), key(), key()};
    each([&](Player& p) {
      const std::array<Probe, 3> probes{p.engine.probe(keys[0]), p.engine.probe(keys[1]),
                                        p.engine.probe(keys[2])};
      ASSERT_TRUE(p.engine.table().reserve(probes));
    });
  }
  void read() {
    const std::string k = key();
    each([&](Player& p) {
      const auto& published = p.engine.published();
      const auto hit = published.find(k);
      ASSERT_EQ(p.engine.read(k), hit == published.end() ? "(absent)" : hit->second);
    });
  }

  std::span<const std::uint8_t> input_;
  std::size_t at_ = 0;
  std::vector<std::unique_ptr<Player>> players_;
  std::vector<std::string_view> names_;
  std::size_t puts_ = 0;
  std::size_t fresh_ = 0;
};

}  // namespace

void play(std::span<const std::uint8_t> input, const std::vector<EngineCase>& cases) {
  Game(input, cases).play();
}

}  // namespace flashkv::test
