#include <sys/prctl.h>

#include "runtime/creation.hpp"
#include "runtime/foreground.hpp"
#include "runtime/start_hooks.hpp"

namespace nucleus::runtime {

namespace {

// The container is there and has ended, or must end: as `delete --force` would, poststop hooks and
// all.
Result<void> take_down(Session& session, const std::string& id, Warnings& warnings) {
    return remove(session, {.id = id, .force = true}, warnings);
}

Error take_down_after(Error cause, Session& session, const std::string& id, Warnings& warnings) {
    if (auto removed = take_down(session, id, warnings); !removed)
        return std::move(cause).also(removed.error());
    return cause;
}

}  // namespace

Result<int> run(Session& session, const RunRequest& request, Warnings& warnings) {
    Creation creation(session, request, Start::by_creator, request.detach, warnings);
    NUCLEUS_CHECK(creation.make());
    Foreground foreground(session.kernel);
    if (!request.detach) {
        // Orphans of a container without a pid namespace come to us, and their end is ours to see.
        if (!request.no_subreaper) session.kernel.prctl(PR_SET_CHILD_SUBREAPER, 1);
        NUCLEUS_CHECK(foreground.prepare(std::move(creation.launch().console())));
    }
    NUCLEUS_CHECK(creation.execute());
    creation.commit();
    if (auto ran = run_poststart_hooks(session, creation.record(), creation.policy()); !ran)
        return take_down_after(std::move(ran).error(), session, request.id, warnings);
    if (request.detach) return 0;
    auto status = foreground.attend(creation.launch());
    if (!status) return take_down_after(std::move(status).error(), session, request.id, warnings);
    if (!request.keep) NUCLEUS_CHECK(creation.take_down());
    return status;
}

}  // namespace nucleus::runtime
