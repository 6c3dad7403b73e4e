#include "runtime/session.hpp"

namespace nucleus::runtime {

Result<ContainerState> state(Session& session, const std::string& id) {
    NUCLEUS_TRY(const Container container, open_container(session, id));
    return describe(container);
}

}  // namespace nucleus::runtime
