// liburcu's lock-free resizable hash table, cds_lfht, under liburcu's memb flavour.
#include <urcu/urcu-memb.h>

#include <urcu/rculfhash.h>

#include <atomic>

#include "storage/reclaim/urcu.h"
#include "storage/record/same_key.h"
#include "storage/table/any_engine_of.h"
#include "tests/bench/engines/baseline_engine.h"
#include "tests/bench/engines/baselines.h"

namespace flashkv::bench {
namespace {

struct Node {
  cds_lfht_node link;
  Record* record;
  static Node* of(cds_lfht_node* link) noexcept { return reinterpret_cast<Node*>(link); }
  static void free(void* node) noexcept { delete static_cast<Node*>(node); }
};

int matches(cds_lfht_node* link, const void* key) {
  return same_key(*Node::of(link)->record, *static_cast<const std::string_view*>(key)) ? 1 : 0;
}

// Purpose: cds_lfht with a node a key. It resizes itself in a thread of its own, whose time is not the
//          writer's.
// Threads: any call inside a section of liburcu, whatever flavour of it the engines use.
class RculfhashMap {
 public:
  static constexpr std::string_view kName = "rculfhash";
  static constexpr ReadRmw kReadRmw = ReadRmw::kNone;
  // Of the records, and around it one of liburcu where the engines do not run on that.
  class Section {
   public:
    explicit Section(reclaim::DefaultPeriods::Section records) noexcept : records_(std::move(records)) {}
    void lock() noexcept {
      nodes_.lock();
      if constexpr (kTwo) records_.lock();
    }
    void unlock() noexcept {
      if constexpr (kTwo) records_.unlock();
      nodes_.unlock();
    }

   private:
    static constexpr bool kTwo = !std::is_same_v<reclaim::DefaultPeriods, reclaim::Urcu>;
    reclaim::Urcu::Section nodes_;
    reclaim::DefaultPeriods::Section records_;
  };

  RculfhashMap()
      : map_(cds_lfht_new_flavor(kFirstSize, kFirstSize, 0, CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING,
                                 &urcu_memb_flavor, nullptr)) {
    if (map_ == nullptr) throw std::bad_alloc();
  }
  RculfhashMap(const RculfhashMap&) = delete;
  RculfhashMap& operator=(const RculfhashMap&) = delete;
  ~RculfhashMap() {
    inside([this] {
      cds_lfht_iter iter;
      for (cds_lfht_first(map_, &iter); iter.node != nullptr; cds_lfht_next(map_, &iter)) {
        Node* node = Node::of(iter.node);
        cds_lfht_del(map_, iter.node);
        node->record->release();
        last_.push_back(node);
      }
    });
    cds_lfht_destroy(map_, nullptr);
    for (Node* node : last_) delete node;
  }
  Section make_section(Retired& retired) { return Section(retired.make_section()); }

  const Record* find(const Probe& probe) const noexcept {
    cds_lfht_iter iter;
    cds_lfht_lookup(map_, probe.hash, &matches, &probe.key, &iter);
    return iter.node == nullptr ? nullptr : Node::of(iter.node)->record;
  }
  std::size_t put(Record* record, std::uint64_t hash, Retired& retired) noexcept {
    Node* node = new Node{{}, record};
    cds_lfht_node_init(&node->link);
    const std::string_view key = record->key();
    cds_lfht_node* old = nullptr;
    inside([&] { old = cds_lfht_add_replace(map_, hash, &matches, &key, &node->link); });
    if (old == nullptr) ++nodes_;
    return old == nullptr ? 0 : retire(Node::of(old), retired);
  }
  std::size_t take(const Probe& probe, Retired& retired) noexcept {
    cds_lfht_iter iter;
    inside([&] {
      cds_lfht_lookup(map_, probe.hash, &matches, &probe.key, &iter);
      if (iter.node != nullptr) cds_lfht_del(map_, iter.node);
    });
    if (iter.node == nullptr) return 0;
    --nodes_;
    return retire(Node::of(iter.node), retired);
  }
  // A node a key, and as many nodes for the buckets as the next power of two.
  std::uint64_t index_bytes() const noexcept {
    std::uint64_t buckets = kFirstSize;
    while (buckets < nodes_) buckets *= 2;
    return nodes_ * sizeof(Node) + buckets * sizeof(cds_lfht_node);
  }

 private:
  static constexpr unsigned long kFirstSize = 1'024;

  // The writer's lookups come outside any section of its own; changes must not.
  template <typename F>
  void inside(F&& f) {
    section_.lock();
    f();
    section_.unlock();
  }
  static std::size_t retire(Node* node, Retired& retired) noexcept {
    const std::size_t bytes = node->record->bytes();
    retired.record(node->record);
    retired.node(node, &Node::free, sizeof(Node));
    return bytes;
  }

  cds_lfht* map_;
  reclaim::Urcu::Section section_;
  std::uint64_t nodes_ = 0;
  std::vector<Node*> last_;
};

}  // namespace

std::unique_ptr<AnyEngine> make_rculfhash_engine(const EngineOptions& options) {
  return std::make_unique<AnyEngineOf<BaselineEngine<RculfhashMap>>>(options);
}

}  // namespace flashkv::bench
