#include "storage/journal/record_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/storage/journal/journal_fixture.h"

namespace flashkv::test {
namespace {

std::vector<RecordPtr> one(const std::string& key) {
  std::vector<RecordPtr> records;
  records.push_back(record_of(key, "value", 1));
  return records;
}

TEST(RecordStream, GivesEverythingThenEnds) {
  RecordStream stream(2);
  std::thread first([&] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(stream.put(one("a")));
    stream.leave({});
  });
  std::thread second([&] {
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(stream.put(one("b")));
    stream.leave({});
  });
  std::size_t a = 0, b = 0;
  std::vector<RecordPtr> records;
  while (stream.take(records)) ++(records[0]->key() == "a" ? a : b);
  EXPECT_EQ(a, 100U);
  EXPECT_EQ(b, 50U);
  EXPECT_TRUE(stream.status().ok());
  first.join();
  second.join();
}

TEST(RecordStream, AFailureEndsTheOthersToo) {
  RecordStream stream(2);
  std::thread endless([&] {
    while (stream.put(one("a"))) {
    }
    stream.leave({});
  });
  std::thread failing([&] { stream.leave({Code::kDataLoss, "damaged"}); });
  std::vector<RecordPtr> records;
  while (stream.take(records)) {
  }
  EXPECT_EQ(stream.status().code, Code::kDataLoss);
  endless.join();
  failing.join();
}

TEST(RecordStream, TheTakerCanEndIt) {
  RecordStream stream(1);
  std::thread endless([&] {
    while (stream.put(one("a"))) {
    }
    stream.leave({});
  });
  std::vector<RecordPtr> records;
  ASSERT_TRUE(stream.take(records));
  stream.end();
  EXPECT_FALSE(stream.take(records));
  endless.join();
  EXPECT_TRUE(stream.status().ok());
}

}  // namespace
}  // namespace flashkv::test
