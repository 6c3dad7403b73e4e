// The wait between create and start. Only descriptors that are held already are waited on; no path
// is opened.
#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "init/channel.hpp"
#include "init/init.hpp"

namespace nucleus::init {

namespace {

constexpr unsigned long bit(int signal) { return 1UL << (signal - 1); }

// Signals whose default action does not end a process (signal(7)).
constexpr unsigned long kHarmless = bit(17 /* CHLD */) | bit(18 /* CONT */) | bit(19 /* STOP */) |
                                    bit(20 /* TSTP */) | bit(21 /* TTIN */) | bit(22 /* TTOU */) |
                                    bit(23 /* URG */) | bit(28 /* WINCH */);

int open_signals() {
    const unsigned long all = ~0UL;
    return static_cast<int>(call(__NR_signalfd4, -1, &all, sizeof all, SFD_CLOEXEC | SFD_NONBLOCK));
}

// Takes every signal that has come. One that would end the process ends it, as a shell would tell
// it: 128 + n. A pid 1 would have lost it.
void obey_signals(int signals) {
    signalfd_siginfo info;
    while (call(__NR_read, signals, &info, sizeof info) == static_cast<long>(sizeof info)) {
        if ((kHarmless & bit(static_cast<int>(info.ssi_signo))) != 0) continue;
        for (;;) call(__NR_exit_group, 128 + info.ssi_signo);
    }
}

// Blocks until `fd` can be read, obeying signals meanwhile.
int await_readable(int fd, int signals) {
    pollfd waited[2] = {{fd, POLLIN, 0}, {signals, POLLIN, 0}};
    for (;;) {
        const long ready = call(__NR_ppoll, waited, 2, 0, 0, 0);
        if (ready < 0 && ready != -EINTR) return static_cast<int>(ready);
        if ((waited[1].revents & POLLIN) != 0) obey_signals(signals);
        if (waited[0].revents != 0) return 0;
    }
}

// One starter: 1 if it said go, 0 if it went away (a reader that only looked whether somebody is
// here), or -errno.
int hear(Init& init, int starter, int signals) {
    if (int error = await_readable(starter, signals); error < 0) return error;
    wire::Order order;
    const int got = receive_order(init, starter, order);
    if (got < 0 && got != -ECONNRESET) return got;
    return got > 0 && order.kind == wire::Order::Kind::go ? 1 : 0;
}

int hear_at_gate(Init& init, int gate, int signals) {
    for (;;) {
        if (int error = await_readable(gate, signals); error < 0) return error;
        const auto starter = static_cast<int>(call(__NR_accept4, gate, 0, 0, SOCK_CLOEXEC));
        if (starter == -EINTR || starter == -ECONNABORTED || starter == -EAGAIN) continue;
        if (starter < 0) return starter;
        const int heard = hear(init, starter, signals);
        if (heard != 0) {
            // The host's side from here on. To be dropped would look like success to it.
            init.channel = starter;
            return heard < 0 ? heard : 0;
        }
        call(__NR_close, starter);
    }
}

}  // namespace

int wait_for_start(Init& init, const wire::Step&) {
    const int signals = open_signals();
    if (signals < 0) return signals;
    int error = 0;
    if (init.header->gate >= 0) {
        // Committed: the creator may go; nothing of it is waited for any more.
        call(__NR_close, init.channel);
        init.channel = -1;
        error = hear_at_gate(init, init.header->gate, signals);
        call(__NR_close, init.header->gate);
    } else {
        const int heard = hear(init, init.channel, signals);
        if (heard == 0)
            for (;;) call(__NR_exit_group, 1);
        error = heard < 0 ? heard : 0;
    }
    obey_signals(signals);
    call(__NR_close, signals);
    const unsigned long none = 0;
    call(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, 0, sizeof none);
    return error;
}

}  // namespace nucleus::init
