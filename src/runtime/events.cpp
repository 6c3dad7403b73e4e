// What a container uses, now or again and again, and what happens to its memory meanwhile.
#include <errno.h>

#include <algorithm>

#include "enforce/cgroup_stats.hpp"
#include "enforce/memory_watch.hpp"
#include "runtime/session.hpp"

namespace nucleus::runtime {

namespace {

using std::chrono::nanoseconds;

nanoseconds now(sys::Kernel& kernel) {
    timespec time{};
    kernel.clock_gettime(CLOCK_MONOTONIC, time);
    return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

// Rounded up: a poll that ends before its time would be followed by one of no time at all.
int milliseconds_until(nanoseconds moment, nanoseconds present) {
    constexpr nanoseconds kLongest = std::chrono::hours(24);
    const nanoseconds left = std::clamp(moment - present, nanoseconds(0), kLongest);
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

Result<ContainerStats> stats_of(Session& session, const state::Record& record) {
    NUCLEUS_TRY(ContainerStats stats, enforce::read_cgroup_stats(session.kernel, record.cgroup));
    if (record.resctrl) {
        NUCLEUS_TRY(stats.intel_rdt, enforce::read_resctrl_stats(session.kernel, *record.resctrl));
    }
    return stats;
}

// A container whose memory nobody counts is told of all the same, but for its memory.
Result<std::optional<enforce::MemoryWatch>> watch_oom(Session& session,
                                                      const state::Record& record) {
    auto watch = enforce::MemoryWatch::for_oom(session.kernel, record.cgroup);
    if (watch) return std::optional(std::move(*watch));
    if (watch.error().code() == Errc::unsupported) return std::optional<enforce::MemoryWatch>();
    return std::move(watch).error();
}

class Stream {
public:
    Stream(Session& session, const state::Record& record, const EventsRequest& request,
           const EventSink& sink)
        : session_(session), record_(record), request_(request), sink_(sink) {}

    Result<void> run(const base::UniqueFd& pidfd) {
        NUCLEUS_TRY(oom_, watch_oom(session_, record_));
        if (request_.pressure) {
            const auto shortage = static_cast<enforce::Shortage>(*request_.pressure);
            NUCLEUS_TRY(pressure_, enforce::MemoryWatch::for_pressure(session_.kernel,
                                                                      record_.cgroup, shortage));
        }
        nanoseconds next = now(session_.kernel) + request_.interval;
        for (;;) {
            pollfd waited[] = {{pidfd.get(), POLLIN, 0}, waits_for(oom_), waits_for(pressure_)};
            const int timeout = milliseconds_until(next, now(session_.kernel));
            const int ready = session_.kernel.poll(waited, std::size(waited), timeout);
            if (ready < 0 && ready != -EINTR) return Error::from_errno(-ready, "wait for events");
            const bool ended = ready > 0 && waited[0].revents != 0;
            // The end may well be what the notice is about.
            if (oom_ && (ended || (ready > 0 && waited[1].revents != 0)) &&
                oom_->noticed(waited[1].revents))
                NUCLEUS_CHECK(sink_({.kind = Event::Kind::oom}));
            if (pressure_ && ready > 0 && waited[2].revents != 0 &&
                pressure_->noticed(waited[2].revents))
                NUCLEUS_CHECK(sink_(
                    {.kind = Event::Kind::pressure, .stats = {}, .pressure = *request_.pressure}));
            if (ended) return {};
            if (now(session_.kernel) < next) continue;
            NUCLEUS_CHECK(tell_stats());
            next = std::max(next + request_.interval, now(session_.kernel));
        }
    }

private:
    static pollfd waits_for(const std::optional<enforce::MemoryWatch>& watch) {
        return watch ? watch->waits_for() : pollfd{-1, 0, 0};
    }

    Result<void> tell_stats() {
        NUCLEUS_TRY(ContainerStats stats, stats_of(session_, record_));
        return sink_({.kind = Event::Kind::stats, .stats = std::move(stats)});
    }

    Session& session_;
    const state::Record& record_;
    const EventsRequest& request_;
    const EventSink& sink_;
    std::optional<enforce::MemoryWatch> oom_, pressure_;
};

}  // namespace

Result<void> events(Session& session, const EventsRequest& request, const EventSink& sink) {
    NUCLEUS_TRY(const Container container, open_container(session, request.id));
    if (container.status == Status::creating)
        return Error(Errc::wrong_state, "the container is being created");
    NUCLEUS_TRY(const base::UniqueFd pidfd, open_init(session, container));
    if (!request.once) return Stream(session, *container.record, request, sink).run(pidfd);
    NUCLEUS_TRY(ContainerStats stats, stats_of(session, *container.record));
    return sink({.kind = Event::Kind::stats, .stats = std::move(stats)});
}

}  // namespace nucleus::runtime
