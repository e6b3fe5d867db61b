// The flags of each command.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "client/kvctl/cli/app.h"
#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// A subcommand that sets `settings.command` when it is given.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help, Settings& settings,
                      Command command);

void add_operations(CLI::App& app, Settings& settings);      // get, put, del, expire, incr, append
void add_data_commands(CLI::App& app, Settings& settings);   // those, mget, ttl, txn and import
void add_range_commands(CLI::App& app, Settings& settings);  // scan, keys, count, export
// --prefix, --range, --all and --limit of del, whose `keys` they take the place of.
void add_del_range(CLI::App& sub, CLI::Option& keys, Settings& settings);
// What import and export take for --format.
const std::map<std::string, std::string>& record_formats();
void add_watch(CLI::App& app, Settings& settings);
void add_bench(CLI::App& app, Settings& settings);
void add_admin_commands(CLI::App& app, Settings& settings);              // stats to version
void add_tool_commands(CLI::App& app, Settings& settings, Scope scope);  // about kvctl itself

}  // namespace flashkv::kvctl
