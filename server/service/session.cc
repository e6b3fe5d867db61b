#include "server/service/session.h"

#include "server/service/admin_service.h"

namespace flashkv {

Session::Session(Services services)
    : services_(services), meter_(services.admin.meters().open(services.clock)) {}

}  // namespace flashkv
