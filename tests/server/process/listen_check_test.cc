#include "server/process/listen_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace flashkv {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Purpose: a server that listens on a free port of 127.0.0.1.
class Listener {
 public:
  Listener() {
    sockaddr_in at{};
    socklen_t length = sizeof at;
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&at), length), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &length), 0);
    port_ = std::to_string(ntohs(at.sin_port));
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(socket_); }
  const std::string& port() const { return port_; }

 private:
  const int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  std::string port_;
};

TEST(ListenCheck, FreeAddressesAreNotRefused) {
  for (const char* free : {"127.0.0.1:0", "localhost:0", "0.0.0.0:0", "[::]:0"}) {
    EXPECT_EQ(listen_refusal(free), "") << free;
  }
}

TEST(ListenCheck, ATakenPortIsReportedAsTaken) {
  const Listener taken;
  for (const std::string host : {"127.0.0.1:", "0.0.0.0:", "[::]:"}) {
    EXPECT_EQ(listen_refusal(host + taken.port()),
              "--listen: another server is listening on " + host + taken.port());
  }
}

TEST(ListenCheck, AForeignAddressIsReportedAsForeign) {
  EXPECT_EQ(listen_refusal("192.0.2.1:7400"), "--listen: 192.0.2.1 is not an address of this machine");
}

TEST(ListenCheck, ANameThatDoesNotResolveIsReported) {
  EXPECT_THAT(listen_refusal("nowhere.invalid:7400"),
              StartsWith("--listen: the name nowhere.invalid does not resolve: "));
}

TEST(ListenCheck, APrivilegedPortNamesTheMissingCapability) {
  EXPECT_EQ(bind_refusal("127.0.0.1:80", EACCES),
            "--listen: port 80 needs root or CAP_NET_BIND_SERVICE; choose a port of 1024 or above");
}

TEST(ListenCheck, AnyOtherErrorIsReportedInTheSystemsWords) {
  EXPECT_EQ(bind_refusal("127.0.0.1:1", ENOBUFS),
            "--listen: cannot listen on 127.0.0.1:1: No buffer space available");
}

class UnixListenCheck : public testing::Test {
 protected:
  UnixListenCheck() : path_(testing::TempDir() + "listen check." + std::to_string(getpid())) {
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, path_.c_str(), path_.size());
    std::filesystem::remove(path_);
  }
  ~UnixListenCheck() override {
    close(socket_);
    std::filesystem::remove(path_);
  }

  void take() { ASSERT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0); }

  const std::string path_;
  const int socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address_{};
};

TEST_F(UnixListenCheck, AFreePathIsNotRefused) { EXPECT_EQ(listen_refusal("unix:" + path_), ""); }

TEST_F(UnixListenCheck, ASocketInUseIsRefused) {
  take();
  ASSERT_EQ(listen(socket_, 0), 0);
  // The backlog is full from the second one on.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(listen_refusal("unix:" + path_), "--listen: another server is listening on unix:" + path_);
  }
}

TEST_F(UnixListenCheck, APathIsDecodedTheWayGrpcDoesIt) {
  take();
  ASSERT_EQ(listen(socket_, 1), 0);
  std::string encoded = path_;
  encoded.replace(encoded.find(' '), 1, "%20");
  EXPECT_THAT(listen_refusal("unix:" + encoded), HasSubstr("another server is listening"));
}

TEST_F(UnixListenCheck, AnAbandonedSocketIsNotRefused) {
  take();
  EXPECT_EQ(listen_refusal("unix:" + path_), "");
}

TEST_F(UnixListenCheck, AFileThatIsNotASocketIsRefused) {
  std::ofstream(path_) << "letters";
  EXPECT_THAT(listen_refusal("unix:" + path_), HasSubstr("the path exists and is not a socket"));
}

TEST_F(UnixListenCheck, AFolderThatDoesNotExistIsNamed) {
  EXPECT_THAT(listen_refusal("unix:/nowhere/s"), HasSubstr("/nowhere/: No such file or directory"));
}

TEST_F(UnixListenCheck, APathThatIsTooLongIsRefused) {
  EXPECT_THAT(listen_refusal("unix:/" + std::string(200, 'p')),
              HasSubstr("the path is longer than 107 bytes"));
}

}  // namespace
}  // namespace flashkv
