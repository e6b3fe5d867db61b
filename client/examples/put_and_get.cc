// Writes a key to a server on 127.0.0.1:7400, or on the endpoint given as argument, and reads it back.
#include <flashkv/client.h>

#include <cstdio>

int main(int argc, char** argv) {
  using flashkv::client::Client;
  const auto report = [](const flashkv::client::Error& error) {
    std::fprintf(stderr, "put_and_get: %s\n", error.message.c_str());
    return 1;
  };
  auto client = Client::open({.endpoint = argc > 1 ? argv[1] : "127.0.0.1:7400"});
  if (!client) return report(client.error());
  if (auto put = client->put("color", "blue"); !put) return report(put.error());
  auto got = client->get("color");
  if (!got) return report(got.error());
  if (got->kv)
    std::printf("color = %s, revision %llu\n", got->kv->value.c_str(),
                static_cast<unsigned long long>(got->kv->mod_revision));
}
