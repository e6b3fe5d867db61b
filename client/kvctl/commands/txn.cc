// txn.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "client/kvctl/cli/txn_script.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/output.h"
#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

bool read_script(const std::string& path, std::string& text) {
  std::ostringstream all;
  if (path == "-") {
    all << std::cin.rdbuf();
  } else {
    std::ifstream file(path, std::ios::binary);
    const bool empty = file && file.peek() == std::ifstream::traits_type::eof();
    if (!file || (!empty && !(all << file.rdbuf()))) {
      complain("cannot read \"" + path + "\": " + std::strerror(errno) + "; nothing was changed");
      return false;
    }
  }
  text = std::move(all).str();
  return true;
}

// Prints what the command of the operation's name prints.
struct Print {
  const Output& output;
  const client::Op& op;
  std::uint64_t revision;
  bool simple;

  void operator()(const client::GetResult& got) const {
    if (got.kv) output.key_values({*got.kv}, false, std::get<client::GetOp>(op).keys_only);
  }
  void operator()(const client::PutResult& put) const {
    if (put.prev_kv) output.key_values({*put.prev_kv}, false, false);
    if (put.succeeded && std::get<client::PutOp>(op).options.prev_kv && simple) return;
    if (put.succeeded) return output.answer("result", "OK", revision);
    complain("put " + quoted_unless_printable(std::get<client::PutOp>(op).key) +
             ": the condition does not hold; it was not written");
  }
  void operator()(const client::DeleteResult& deleted) const {
    output.key_values(deleted.prev_kvs, false, false);
    output.answer("deleted", std::to_string(deleted.deleted), revision);
  }
  void operator()(const client::ExpireResult& set) const {
    if (set.found) output.answer("result", "OK", revision);
  }
  void operator()(const client::IncrementResult& sum) const {
    output.answer("value", std::to_string(sum.value), revision);
  }
  void operator()(const client::AppendResult& appended) const {
    output.answer("length", std::to_string(appended.length), revision);
  }
};

}  // namespace

int run_txn(client::Client& client, const Settings& settings) {
  if (settings.stdin_is_script && settings.txn.file == "-") {
    complain(kScriptOnStdin);
    return kUsage;
  }
  std::string script;
  if (!read_script(settings.txn.file, script)) return kUsage;
  std::string error;
  auto txn = parse_txn(script, error);
  if (!txn) {
    complain(error + "; nothing was changed");
    return kUsage;
  }
  txn->ack = settings.txn.ack;
  auto done = client.txn(*txn);
  if (!done) return fail(done.error(), settings);
  const Output output(settings.format);
  if (settings.format != Format::kSimple)
    output.answer("succeeded", done->succeeded ? "true" : "false", done->revision);
  const auto& operations = done->succeeded ? txn->success : txn->failure;
  for (std::size_t i = 0; i < operations.size() && i < done->results.size(); ++i)
    std::visit(Print{output, operations[i], done->revision, settings.format == Format::kSimple},
               done->results[i]);
  return done->succeeded ? kDone : kNotFound;
}

}  // namespace flashkv::kvctl
