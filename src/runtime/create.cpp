#include "runtime/creation.hpp"

namespace nucleus::runtime {

Result<void> create(Session& session, const CreateRequest& request, Warnings& warnings) {
    Creation creation(session, request, Start::at_gate, true, warnings);
    NUCLEUS_CHECK(creation.make());
    creation.commit();
    return {};
}

}  // namespace nucleus::runtime
