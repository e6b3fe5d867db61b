#include <cstdio>
#include <cstdlib>

#include "client/kvctl/cli/cli.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"

int main(int argc, char** argv) {
  using namespace flashkv::kvctl;
  // Errors are reported by kvctl, in one line; GRPC_VERBOSITY in the environment still wins.
  ::setenv("GRPC_VERBOSITY", "NONE", 0);
  Settings settings;
  const auto parsed = parse(argc, argv, settings);
  const int code = parsed ? *parsed : run_command(settings);
  // A full disk shows only when the buffer is written.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    complain("cannot write standard output");
    return code == kDone ? kFailed : code;
  }
  return code;
}
