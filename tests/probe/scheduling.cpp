#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "probe.hpp"

namespace probe {
namespace {

// struct sched_attr of sched_getattr(2): its header cannot stand beside <sched.h>.
struct Attributes {
    std::uint32_t size = 0, policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0;
};

void write_affinity(Json& json) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof cpus, &cpus);
    json.key("affinity");
    json.begin_array();
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &cpus)) json.number(cpu);
    }
    json.end_array();
}

void write_attributes(Json& json) {
    Attributes attributes;
    json.key("attributes");
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0) {
        json.string(error_name(errno));
        return;
    }
    json.begin_object();
    json.member("policy", attributes.policy);
    json.member("flags", attributes.flags);
    json.member("nice", attributes.nice);
    json.member("priority", attributes.priority);
    json.member("runtime", attributes.runtime);
    json.member("deadline", attributes.deadline);
    json.member("period", attributes.period);
    json.end_object();
}

void write_memory_policy(Json& json) {
    constexpr unsigned kMostNodes = 1024;
    unsigned long nodes[kMostNodes / 64] = {};
    int mode = 0;
    json.key("memory_policy");
    if (syscall(SYS_get_mempolicy, &mode, nodes, kMostNodes, nullptr, 0) < 0) {
        json.string(error_name(errno));
        return;
    }
    json.begin_object();
    json.member("mode", mode);
    json.key("nodes");
    json.begin_array();
    for (unsigned node = 0; node < kMostNodes; ++node) {
        if ((nodes[node / 64] >> node % 64 & 1) != 0) json.number(node);
    }
    json.end_array();
    json.end_object();
}

}  // namespace

void report_scheduling(Json& json, const Request&) {
    json.begin_object();
    write_affinity(json);
    json.member("policy", sched_getscheduler(0));
    json.member("nice", getpriority(PRIO_PROCESS, 0));
    write_attributes(json);
    json.member("io_priority", syscall(SYS_ioprio_get, 1, 0));
    write_memory_policy(json);
    json.member("timer_slack", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    const std::vector<std::string> score = split(read_file("/proc/self/oom_score_adj"), '\n');
    json.member("oom_score_adj", score.empty() ? "" : score[0]);
    json.end_object();
}

}  // namespace probe
