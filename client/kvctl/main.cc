#include <cstdio>

#include "client/kvctl/cli.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"

int main(int argc, char** argv) {
  using namespace flashkv::kvctl;
  Settings settings;
  const auto parsed = parse(argc, argv, settings);
  const int code = parsed ? *parsed : run_command(settings);
  // Only now does a full disk show.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    complain("cannot write standard output");
    return code == kDone ? kFailed : code;
  }
  return code;
}
