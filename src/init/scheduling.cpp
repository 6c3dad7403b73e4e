// Where the process runs, where its memory comes from, and how programs are executed.
#include "init/init.hpp"

namespace nucleus::init {

// A runtime that is pinned (by its caller's taskset, say) must not pin the container: the cpuset
// decides.
int reset_affinity(Init&, const wire::Step&) {
    unsigned long all[128];
    for (auto& word : all) word = ~0UL;
    const long error = call(__NR_sched_setaffinity, 0, sizeof all, all);
    return error < 0 ? static_cast<int>(error) : 0;
}

// The kernel passes over CPUs that it has not got, or that the cpuset excludes; EINVAL if none is
// left (sched_setaffinity(2)).
int set_affinity(Init& init, const wire::Step& step) {
    const long error =
        call(__NR_sched_setaffinity, 0, step.mask.size, init.block + step.mask.offset);
    return error < 0 ? static_cast<int>(error) : 0;
}

// set_mempolicy(2). The kernel reads one bit less than it is told.
int set_memory_policy(Init& init, const wire::Step& step) {
    const unsigned long bits = static_cast<unsigned long>(step.mask.size) * 8;
    const char* nodes = bits == 0 ? nullptr : init.block + step.mask.offset;
    return static_cast<int>(call(__NR_set_mempolicy, step.value, nodes, bits == 0 ? 0 : bits + 1));
}

// The domain and its flags stay across the execve that follows (personality(2)). The result of
// success is the personality before.
int set_personality(Init&, const wire::Step& step) {
    const long before = call(__NR_personality, step.value);
    return before < 0 ? static_cast<int>(before) : 0;
}

}  // namespace nucleus::init
