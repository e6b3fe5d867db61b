#include "client/kvctl/cli.h"
#include "client/kvctl/commands.h"

int main(int argc, char** argv) {
  flashkv::kvctl::Settings settings;
  if (const auto code = flashkv::kvctl::parse(argc, argv, settings)) return *code;
  return flashkv::kvctl::run_command(settings);
}
