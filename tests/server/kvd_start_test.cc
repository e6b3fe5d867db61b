// kvd's refusals and warnings at start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/server/kvd.h"

namespace flashkv {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(KvdStart, ATakenPortIsOneLineAndExitCodeThree) {
  Kvd first({"--listen=127.0.0.1:0"});
  const std::string address = after(first.line_with("serving"), "listen=");
  Kvd second({"--listen=" + address});
  EXPECT_EQ(second.rest(), "kvd: --listen: another server is listening on " + address + "\n");
  EXPECT_EQ(second.wait(), 3);
}

TEST(KvdStart, AForeignAddressIsOneLineAndExitCodeThree) {
  Kvd kvd({"--listen=192.0.2.1:7400", "--insecure"});
  EXPECT_EQ(kvd.rest(), "kvd: --listen: 192.0.2.1 is not an address of this machine\n");
  EXPECT_EQ(kvd.wait(), 3);
}

class KvdOnAUnixSocket : public testing::Test {
 protected:
  KvdOnAUnixSocket() : path_(testing::TempDir() + "kvd." + std::to_string(getpid()) + ".sock") {}
  ~KvdOnAUnixSocket() override {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + ".lock");
  }

  bool is_socket() const { return std::filesystem::is_socket(path_); }

  const std::string path_;
  const std::string listen_ = "unix:" + path_;
};

TEST_F(KvdOnAUnixSocket, ASecondServerIsRefusedAndTheFirstGoesOn) {
  Kvd first({"--listen=" + listen_});
  first.line_with("serving");
  for (int i = 0; i < 2; ++i) {
    Kvd second({"--listen=" + listen_});
    EXPECT_EQ(second.rest(), "kvd: --listen: another server is listening on " + listen_ + "\n");
    EXPECT_EQ(second.wait(), 3);
    EXPECT_TRUE(is_socket());
  }
  first.send(SIGTERM);
  EXPECT_THAT(first.rest(), HasSubstr("stopped clean=true"));
  EXPECT_EQ(first.wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// Both find nobody listening, and would replace each other's socket.
TEST_F(KvdOnAUnixSocket, OfTwoStartedTogetherOneServesAndTheOtherIsRefused) {
  for (int round = 0; round < 10; ++round) {
    Kvd one({"--listen=" + listen_});
    Kvd two({"--listen=" + listen_});
    const std::string lines[] = {one.line(), two.line()};
    const std::string refusal = "kvd: --listen: another server is listening on " + listen_ + "\n";
    ASSERT_EQ((lines[0] == refusal) + (lines[1] == refusal), 1) << lines[0] << lines[1];
    Kvd& winner = lines[0] == refusal ? two : one;
    Kvd& loser = lines[0] == refusal ? one : two;
    EXPECT_EQ(loser.rest(), "");
    EXPECT_EQ(loser.wait(), 3);
    winner.line_with("serving");
    EXPECT_TRUE(is_socket());
    winner.send(SIGTERM);
    EXPECT_THAT(winner.rest(), HasSubstr("stopped clean=true"));
    EXPECT_EQ(winner.wait(), 0);
    EXPECT_FALSE(std::filesystem::exists(path_ + ".lock"));
  }
}

TEST_F(KvdOnAUnixSocket, TheSocketOfADeadServerIsReplaced) {
  Kvd first({"--listen=" + listen_});
  first.line_with("serving");
  first.send(SIGKILL);
  EXPECT_EQ(first.wait(), -SIGKILL);
  EXPECT_TRUE(is_socket());
  Kvd second({"--listen=" + listen_});
  EXPECT_THAT(second.line_with("serving"), HasSubstr(listen_));
  second.send(SIGTERM);
  EXPECT_EQ(second.wait(), 0);
}

TEST_F(KvdOnAUnixSocket, AFileThatIsNotASocketIsLeftAlone) {
  std::ofstream(path_) << "letters";
  Kvd kvd({"--listen=" + listen_});
  EXPECT_EQ(kvd.rest(),
            "kvd: --listen: cannot listen on " + listen_ + ": the path exists and is not a socket\n");
  EXPECT_EQ(kvd.wait(), 3);
  EXPECT_EQ(std::filesystem::file_size(path_), 7U);
}

TEST(KvdStart, ConnectionsBeyondTheLimitOnOpenFilesAreLoweredWithOneWarning) {
  Kvd kvd({"--listen=127.0.0.1:0", "--max-connections=5000"}, with_limit(RLIMIT_NOFILE, 600));
  EXPECT_THAT(kvd.line(), AllOf(HasSubstr(" warning --max-connections lowered"),
                                HasSubstr(" asked=5000 allowed=344 open_files=600\n")));
  kvd.send(SIGTERM);
  EXPECT_THAT(kvd.rest(), Not(HasSubstr("warning")));
  EXPECT_EQ(kvd.wait(), 0);
}

TEST(KvdStart, TheSoftLimitOnOpenFilesIsRaisedToTheHardOne) {
  Kvd kvd({"--listen=127.0.0.1:0", "--max-connections=5000"}, [] {
    const rlimit files{600, 2'000};
    setrlimit(RLIMIT_NOFILE, &files);
  });
  EXPECT_THAT(kvd.line(), HasSubstr(" asked=5000 allowed=1744 open_files=2000\n"));
  rlimit now{};
  EXPECT_EQ(prlimit(kvd.pid(), RLIMIT_NOFILE, nullptr, &now), 0);
  EXPECT_EQ(now.rlim_cur, 2'000U);
}

TEST(KvdStart, UnknownVariablesAreNamedInOneWarning) {
  Kvd kvd({"--listen=127.0.0.1:0"}, [] {
    setenv("FLASHKV_TREADS", "secret", 1);
    setenv("FLASHKV_LOGLEVEL", "debug", 1);
  });
  EXPECT_THAT(kvd.line(), HasSubstr(" warning unknown environment variables are ignored "
                                    "names=\"FLASHKV_LOGLEVEL FLASHKV_TREADS\"\n"));
  kvd.send(SIGTERM);
  EXPECT_THAT(kvd.rest(), AllOf(Not(HasSubstr("warning")), HasSubstr("stopped clean=true")));
  EXPECT_EQ(kvd.wait(), 0);
}

}  // namespace
}  // namespace flashkv
