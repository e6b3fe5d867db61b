#include "tests/conformance/engine_test.h"

#include <chrono>
#include <thread>

namespace flashkv::test {

EngineUnderTest::EngineUnderTest(const EngineCase& which, const EngineOptions& options)
    : hash_(options.hash) {
  TestTable made = which.make_from(options);
  table_ = std::move(made.table);
  guards_ = std::move(made.guards);
  reader_ = make_reader();
}

void EngineUnderTest::begin() {
  for (int i = 0; !table_->try_begin_batch(0); ++i) {
    ASSERT_LT(i, 100'000) << "no batch can begin although no reader is inside";
    pause(i);
  }
}

bool EngineUnderTest::put(std::string_view key, std::string_view value) {
  const Probe p = probe(key);
  RecordPtr record = Record::make(key, value, Record::Expiry::kNone);
  if (!record || !table_->reserve({&p, 1})) return false;
  const Record* before = table_->find(p);
  const std::uint64_t now = revision_ + 1;
  record->stamp(before != nullptr ? before->create_revision() : now, now,
                before != nullptr ? before->version() + 1 : 1);
  table_->upsert(record.release(), p.hash);
  staged_.insert_or_assign(std::string(key), std::string(value));
  const Record* found = table_->find(p);
  EXPECT_NE(found, nullptr);
  if (found != nullptr) {
    EXPECT_EQ(found->value(), value);
  }
  return true;
}

bool EngineUnderTest::erase(std::string_view key) {
  const Probe p = probe(key);
  if (!table_->reserve({&p, 1})) return false;
  table_->erase(p);
  staged_.erase(std::string(key));
  EXPECT_EQ(table_->find(p), nullptr);
  return true;
}

void EngineUnderTest::publish() {
  table_->publish(++revision_);
  published_ = staged_;
  EXPECT_EQ(table_->published(), revision_);
}

void EngineUnderTest::put_now(std::string_view key, std::string_view value) {
  begin();
  ASSERT_TRUE(put(key, value));
  publish();
}
void EngineUnderTest::erase_now(std::string_view key) {
  begin();
  ASSERT_TRUE(erase(key));
  publish();
}

void EngineUnderTest::expect_content() {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : published_) keys.push_back(key);
  std::vector<std::string> values(keys.size());
  std::vector<Lookup> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) found[i].value = &values[i];
  bool complete = false;
  EXPECT_EQ(reader_->multi_get(keys, found, ~std::uint64_t{0}, complete), revision_);
  ASSERT_TRUE(complete);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string& expected = published_.find(keys[i])->second;
    ASSERT_TRUE(found[i].found) << keys[i];
    ASSERT_EQ(values[i], expected) << keys[i];
    ASSERT_EQ(read(keys[i]), expected) << keys[i];
    bytes += Record::bytes_for(keys[i].size(), expected.size(), Record::Expiry::kNone);
  }
  EXPECT_EQ(table_->stats().keys, published_.size());
  EXPECT_EQ(table_->stats().record_bytes, bytes);
}

std::string EngineUnderTest::read(std::string_view key) {
  std::string value;
  Lookup hit;
  hit.value = &value;
  EXPECT_GE(reader_->get(key, hit), revision_);
  return hit.found ? value : "(absent)";
}

void EngineUnderTest::settle() {
  for (int i = 0; !settled(); ++i) {
    ASSERT_LT(i, 100'000) << table_->stats().retired_bytes << " retired bytes are not freed";
    pause(i);
  }
}

bool EngineUnderTest::settled() {
  const bool waited = table_->stats().retired_bytes > table_->stats().leaked_bytes;
  begin();
  publish();
  return !waited;
}

// liburcu's grace periods end after milliseconds, the others' by the next turn.
void EngineUnderTest::pause(int looks) {
  if (looks < 100) {
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

}  // namespace flashkv::test
