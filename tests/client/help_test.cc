// Help texts: one for each command, with examples that are right.
#include <gtest/gtest.h>

#include <set>

#include "client/kvctl/cli/app.h"
#include "client/kvctl/cli/cli.h"
#include "client/kvctl/cli/examples.h"
#include "client/kvctl/cli/txn_script.h"

namespace flashkv::kvctl {
namespace {

struct Parsed {
  std::optional<int> code;
  Command command = Command::kNone;
  std::string out, err;
};

// `words` begins with the program.
Parsed parsed(std::vector<std::string> words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  Parsed done;
  Settings settings;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  done.code = parse(static_cast<int>(pointers.size()), pointers.data(), settings);
  std::fflush(stdout);
  done.out = testing::internal::GetCapturedStdout();
  done.err = testing::internal::GetCapturedStderr();
  done.command = settings.command;
  return done;
}

std::vector<std::string> command_names() {
  Settings settings;
  const auto app = make_app(settings);
  std::vector<std::string> names;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

TEST(Help, EveryCommandHasAGroupAndExamplesThatParse) {
  for (const std::string& name : command_names()) {
    const CommandText* text = text_of(name);
    ASSERT_NE(text, nullptr) << name << " has no row in examples.cc";
    EXPECT_FALSE(text->group.empty()) << name;
    EXPECT_GE(text->examples.size(), 2U) << name;
    const Command own = parsed({"kvctl", std::string(name), "--help"}).command;
    for (const std::string_view example : text->examples) {
      std::string error;
      // A redirection belongs to the shell that the example is typed into.
      const auto words = split_words(std::string(example.substr(0, example.find(" <"))), error);
      ASSERT_TRUE(words) << example << ": " << error;
      EXPECT_EQ(words->front(), "kvctl") << example;
      EXPECT_NE(std::find(words->begin(), words->end(), name), words->end())
          << example << " is no example of " << name;
      const Parsed done = parsed(*words);
      EXPECT_EQ(done.code.value_or(0), 0) << example << ": " << done.err;
      EXPECT_EQ(done.err, "") << example;
      EXPECT_EQ(own, Command::kNone) << "--help must not run a command";
    }
  }
}

TEST(Help, OfACommandIsWhatItsFlagPrints) {
  for (const std::string& name : command_names()) {
    const Parsed by_flag = parsed({"kvctl", name, "--help"});
    const Parsed by_command = parsed({"kvctl", "help", name});
    EXPECT_EQ(by_flag.code, 0);
    EXPECT_EQ(by_command.code, 0);
    EXPECT_EQ(by_command.out, by_flag.out);
    for (const std::string_view example : text_of(name)->examples)
      EXPECT_NE(by_flag.out.find("\n  " + std::string(example) + "\n"), std::string::npos) << name;
  }
  EXPECT_EQ(parsed({"kvctl", "help"}).out, parsed({"kvctl", "--help"}).out);
}

TEST(Help, ListsEveryCommandOnceUnderItsGroup) {
  const std::string all = parsed({"kvctl", "help"}).out;
  for (const std::string& name : command_names()) {
    const auto group = all.find("\n" + std::string(text_of(name)->group) + ":\n");
    const auto line = all.find("\n  " + name + " ");
    ASSERT_NE(group, std::string::npos) << name;
    ASSERT_NE(line, std::string::npos) << name;
    EXPECT_EQ(all.find("\n\n", group) > line, group < line) << name << " is not in its group";
    EXPECT_EQ(all.find("\n  " + name + " ", line + 1), std::string::npos) << name << " is listed twice";
  }
  EXPECT_LT(all.find("\n  get "), all.find("\nOptions:\n")) << "commands come first";
}

TEST(Help, OfAnUnknownCommandNamesTheRightOne) {
  const Parsed done = parsed({"kvctl", "help", "set"});
  EXPECT_EQ(done.code, 2);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err, "kvctl: no command \"set\"; did you mean \"put\"?\n");
}

}  // namespace
}  // namespace flashkv::kvctl
