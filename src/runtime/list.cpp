#include <errno.h>
#include <fcntl.h>

#include "runtime/session.hpp"
#include "sys/files.hpp"

namespace nucleus::runtime {

Result<std::vector<ContainerState>> list(Session& session, Warnings& warnings) {
    if (session.settings.root_chosen)
        NUCLEUS_CHECK(sys::open_at(session.kernel, AT_FDCWD, session.store.root(), O_PATH));
    NUCLEUS_TRY(const std::vector<std::string> ids, session.store.list());
    std::vector<ContainerState> states;
    for (const std::string& id : ids) {
        auto container = open_container(session, id);
        if (container)
            states.push_back(describe(*container));
        else if (container.error().code() != Errc::does_not_exist)  // gone since it was listed
            warnings.push_back(std::move(container).error().in("container '" + id + "'").message());
    }
    return states;
}

}  // namespace nucleus::runtime
