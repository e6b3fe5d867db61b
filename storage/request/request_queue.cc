#include "storage/request/request_queue.h"

namespace flashkv {

template class BasicRequestQueue<Request, QueueOrders>;

}  // namespace flashkv
