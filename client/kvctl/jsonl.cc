#include "client/kvctl/jsonl.h"

#include <nlohmann/json.hpp>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using Json = nlohmann::json;

enum class Name { kNone, kKey, kKeyB64, kValue, kValueB64, kTtl, kExpiresAt, kHistory };

// Receives the parser's events for one flat object; the first error stops it.
class RecordEvents final : public nlohmann::json_sax<Json> {
 public:
  RecordEvents(ImportRecord& record, std::string& why) : record_(record), why_(why) {}

  bool start_object(std::size_t) override {
    if (inside_) return refuse("a nested object");
    inside_ = true;
    return true;
  }
  bool key(string_t& name) override {
    field_ = name == "key"                                                              ? Name::kKey
             : name == "value"                                                          ? Name::kValue
             : name == "key_b64"                                                        ? Name::kKeyB64
             : name == "value_b64"                                                      ? Name::kValueB64
             : name == "ttl_ms"                                                         ? Name::kTtl
             : name == "expires_at_ms"                                                  ? Name::kExpiresAt
             : name == "create_revision" || name == "mod_revision" || name == "version" ? Name::kHistory
                                                                                        : Name::kNone;
    if (field_ == Name::kNone) return refuse("unknown field \"" + name.substr(0, 40) + "\"");
    return true;
  }
  bool string(string_t& text) override {
    switch (field_) {
      case Name::kKey:
        return once(has_key_, "key") && take(record_.key, text);
      case Name::kValue:
        return once(has_value_, "value") && take(record_.value, text);
      case Name::kKeyB64:
        return once(has_key_, "key") && decode(record_.key, text, "key_b64");
      case Name::kValueB64:
        return once(has_value_, "value") && decode(record_.value, text, "value_b64");
      default:
        break;
    }
    return wrong_type();
  }
  bool number_unsigned(number_unsigned_t n) override {
    if (field_ == Name::kHistory) return true;
    if (!is_time()) return wrong_type();
    if (!once(has_expiry_, "the expiry")) return false;
    if (n > static_cast<number_unsigned_t>(INT64_MAX)) return refuse(time_name() + " is too large");
    (field_ == Name::kTtl ? record_.ttl_ms : record_.expires_at_ms) = static_cast<std::int64_t>(n);
    return true;
  }
  bool number_integer(number_integer_t) override {
    return is_time() ? refuse(time_name() + " is negative") : wrong_type();
  }
  bool number_float(number_float_t, const string_t&) override {
    return is_time() ? refuse(time_name() + " must be a whole number of milliseconds") : wrong_type();
  }
  bool null() override { return wrong_type(); }
  bool boolean(bool) override { return wrong_type(); }
  bool binary(binary_t&) override { return wrong_type(); }
  bool start_array(std::size_t) override { return wrong_type(); }
  bool end_array() override { return true; }
  bool end_object() override {
    if (!has_key_) return refuse("no \"key\" or \"key_b64\"");
    if (!has_value_) return refuse("no \"value\" or \"value_b64\"");
    return true;
  }
  bool parse_error(std::size_t column, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("not valid JSON at column " + std::to_string(column));
  }

 private:
  bool refuse(std::string text) {
    why_ = std::move(text);
    return false;
  }
  bool wrong_type() {
    return refuse(!inside_                   ? std::string("not a JSON object")
                  : is_time()                ? time_name() + " must be a number"
                  : field_ == Name::kHistory ? "revisions and versions must be numbers"
                                             : "keys and values must be strings");
  }
  bool is_time() const { return field_ == Name::kTtl || field_ == Name::kExpiresAt; }
  std::string time_name() const { return field_ == Name::kTtl ? "ttl_ms" : "expires_at_ms"; }
  bool once(bool& seen, const char* name) {
    if (seen) return refuse(std::string(name) + " is given twice");
    seen = true;
    return true;
  }
  static bool take(std::string& to, string_t& text) {
    to.swap(text);
    return true;
  }
  bool decode(std::string& to, const string_t& text, const char* name) {
    auto bytes = from_base64(text);
    if (!bytes) return refuse(std::string(name) + " is not base64");
    to = std::move(*bytes);
    return true;
  }

  ImportRecord& record_;
  std::string& why_;
  Name field_ = Name::kNone;
  bool inside_ = false, has_key_ = false, has_value_ = false, has_expiry_ = false;
};

}  // namespace

bool parse_jsonl(std::string_view line, ImportRecord& record, std::string& why) {
  record.ttl_ms = record.expires_at_ms = 0;
  RecordEvents events(record, why);
  return Json::sax_parse(line, &events);
}

}  // namespace flashkv::kvctl
