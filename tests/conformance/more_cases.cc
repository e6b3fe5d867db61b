#include "tests/conformance/more_cases.h"

#include "tests/storage/engine/parts/word_engines.h"
#include "tests/support/engines/small_chains.h"
#include "tests/support/test_table.h"

namespace flashkv::test {

const std::vector<EngineCase>& shaped_cases() {
  static const std::vector<EngineCase> cases{
      {"radix_4", &make_table<WithOverlay<Radix4>>, false},
      {"radix_11_reversed", &make_table<WithOverlay<Radix11Reversed>>, false},
      {"radix_compressed_4_reversed", &make_table<WithOverlay<Compressed4Reversed>>, false},
      {"radix_compressed_13", &make_table<WithOverlay<Compressed13>>, false},
      {"critnib_short_lived", &make_table<WithOverlay<ShortLivedCritnib>>, false},
  };
  return cases;
}

const std::vector<EngineCase>& bare_cases() {
  static const std::vector<EngineCase> cases{
      {"bare_rcu_hash", &make_table<SmallRcuHash<reclaim::Epoch>>, false},
      {"bare_relativistic", &make_table<SmallRelativistic<reclaim::Epoch>>, false},
      {"bare_radix_4", &make_table<Radix4>, false},
      {"bare_radix_11_reversed", &make_table<Radix11Reversed>, false},
      {"bare_radix_compressed_4_reversed", &make_table<Compressed4Reversed>, false},
      {"bare_radix_compressed_8", &make_table<Compressed8>, false},
      {"bare_radix_compressed_13", &make_table<Compressed13>, false},
      {"bare_critnib", &make_table<Critnib>, false},
      {"bare_critnib_short_lived", &make_table<ShortLivedCritnib>, false},
      {"bare_critnib_leak", &make_table<CritnibLeak>, false},
  };
  return cases;
}

const std::vector<std::uint64_t>& all_masks() {
  static const std::vector<std::uint64_t> masks{
      ~std::uint64_t{0},    0, 0x3, 0xff, 0xffff, std::uint64_t{0xf} << 60, std::uint64_t{0xffff} << 48,
      0x8000'0300'0180'0007};
  return masks;
}

bool is_product(const EngineCase& which) { return which.name != "locked_map" && which.name != "twin_map"; }
bool is_word_engine(const EngineCase& which) {
  return which.name.find("radix") != std::string_view::npos ||
         which.name.find("critnib") != std::string_view::npos;
}
bool is_resizing(const EngineCase& which) {
  return which.name.starts_with("cuckoo") || which.name == "relativistic";
}

std::vector<EngineCase> operator+(std::vector<EngineCase> some, const std::vector<EngineCase>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

}  // namespace flashkv::test
