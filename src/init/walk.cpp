// The init's half of the protocol: run one's own steps; where the next one is the host's, report
// and wait.
#include "init/channel.hpp"
#include "init/init.hpp"

namespace nucleus::init {

int walk(Init& init) {
    const unsigned first = init.first != 0 ? init.first : init.header->unawaited;
    for (unsigned index = first; index < init.header->step_count; ++index) {
        const wire::Step& step = init.steps[index];
        if (wire::operation(step.op).side == wire::Side::host) {
            // The host's run of steps is one request and one answer, however many they are.
            while (index + 1 < init.header->step_count &&
                   wire::operation(init.steps[index + 1].op).side == wire::Side::host)
                ++index;
            if (!report_reached(init, static_cast<int>(index)) || !await_order(init)) return 1;
            continue;
        }
        init.detail = "";
        const int error = function_of(step.op)(init, step);
        if (error < 0) {
            report_failure(init, static_cast<int>(index), -error);
            return 1;
        }
    }
    return 1;  // unreachable: the last step is execute
}

}  // namespace nucleus::init
