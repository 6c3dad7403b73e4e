#include <fcntl.h>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/quantities.hpp"
#include "cli/root.hpp"
#include "nucleus/policy.hpp"
#include "spec/parse.hpp"
#include "sys/files.hpp"

namespace nucleus::cli {

namespace {

using Resources = spec::Resources;

enum class Form : std::uint8_t { size, integer, unsigned_, weight, list };

// The flags: what each is in linux.resources.
struct Flag {
    const char* name;
    const char* argument;
    const char* help;
    Form form;
    void (*set)(Resources& resources, const std::string& text, std::int64_t number);
};

spec::Memory& memory(Resources& resources) {
    return resources.memory ? *resources.memory : resources.memory.emplace();
}

spec::Cpu& cpu(Resources& resources) {
    return resources.cpu ? *resources.cpu : resources.cpu.emplace();
}

// Obsolete and ignored: taken, so that old callers go on, and not offered.
constexpr const char* kHidden = nullptr;

constexpr Flag kFlags[] = {
    {"blkio-weight", "WEIGHT", "share of the disks, 10 to 1000", Form::weight,
     [](Resources& r, const std::string&, std::int64_t n) {
         (r.block_io ? *r.block_io : r.block_io.emplace()).weight = static_cast<std::uint16_t>(n);
     }},
    {"cpu-period", "US", "period of the quota, microseconds", Form::unsigned_,
     [](Resources& r, const std::string&, std::int64_t n) {
         cpu(r).period = static_cast<std::uint64_t>(n);
     }},
    {"cpu-quota", "US", "CPU time in a period, microseconds; -1: no limit", Form::integer,
     [](Resources& r, const std::string&, std::int64_t n) { cpu(r).quota = n; }},
    {"cpu-burst", "US", "unused CPU time that may be saved up, microseconds", Form::unsigned_,
     [](Resources& r, const std::string&, std::int64_t n) {
         cpu(r).burst = static_cast<std::uint64_t>(n);
     }},
    {"cpu-share", "SHARES", "share of the CPUs, beside others'", Form::unsigned_,
     [](Resources& r, const std::string&, std::int64_t n) {
         cpu(r).shares = static_cast<std::uint64_t>(n);
     }},
    {"cpu-rt-period", "US", "period of realtime processes, microseconds (cgroup v1)",
     Form::unsigned_,
     [](Resources& r, const std::string&, std::int64_t n) {
         cpu(r).realtime_period = static_cast<std::uint64_t>(n);
     }},
    {"cpu-rt-runtime", "US", "CPU time of realtime processes, microseconds (cgroup v1)",
     Form::integer,
     [](Resources& r, const std::string&, std::int64_t n) { cpu(r).realtime_runtime = n; }},
    {"cpu-idle", "0|1", "1: runs only where nobody else wants to", Form::integer,
     [](Resources& r, const std::string&, std::int64_t n) { cpu(r).idle = n; }},
    {"cpuset-cpus", "LIST", "CPUs to run on: 0-3,7", Form::list,
     [](Resources& r, const std::string& text, std::int64_t) { cpu(r).cpus = text; }},
    {"cpuset-mems", "LIST", "memory nodes to use", Form::list,
     [](Resources& r, const std::string& text, std::int64_t) { cpu(r).mems = text; }},
    {"memory", "SIZE", "memory: bytes, or with k, M, G; -1: no limit", Form::size,
     [](Resources& r, const std::string&, std::int64_t n) { memory(r).limit = n; }},
    {"memory-reservation", "SIZE", "memory that is left where it is scarce", Form::size,
     [](Resources& r, const std::string&, std::int64_t n) { memory(r).reservation = n; }},
    {"memory-swap", "SIZE", "memory and swap together; -1: no limit", Form::size,
     [](Resources& r, const std::string&, std::int64_t n) { memory(r).swap = n; }},
    {"kernel-memory", "SIZE", kHidden, Form::size,
     [](Resources& r, const std::string&, std::int64_t n) { memory(r).kernel = n; }},
    {"kernel-memory-tcp", "SIZE", kHidden, Form::size,
     [](Resources& r, const std::string&, std::int64_t n) { memory(r).kernel_tcp = n; }},
    {"pids-limit", "N", "processes and threads; -1: no limit", Form::integer,
     [](Resources& r, const std::string&, std::int64_t n) { r.pids_limit = n; }},
};

void describe(OptionTable& table) {
    table.text("resources,r", "FILE", "limits as linux.resources in JSON; -: standard input");
    for (const Flag& flag : kFlags) table.text(flag.name, flag.argument, flag.help);
    table.text("l3-cache-schema", "SCHEMA", "Intel RDT: cache allocation, L3:...")
        .text("mem-bw-schema", "SCHEMA", "Intel RDT: memory bandwidth, MB:...");
}

std::optional<std::int64_t> number_of(Form form, const std::string& text) {
    if (form == Form::size) return parse_size(text);
    if (form == Form::integer) return parse_integer(text);
    const auto number = parse_integer(text);
    const bool fits = number && *number >= 0 && (form != Form::weight || *number <= 1000);
    return fits ? number : std::nullopt;
}

constexpr const char* expectation(Form form) {
    switch (form) {
        case Form::size:
            return "not a size such as 1048576, 512M or -1";
        case Form::integer:
            return "not a whole number";
        case Form::unsigned_:
            return "not a whole number from 0 on";
        case Form::weight:
            return "not a weight of 10 to 1000";
        case Form::list:
            break;
    }
    return "";
}

Result<Resources> from_flags(const Options& options) {
    Resources resources;
    for (const Flag& flag : kFlags) {
        const std::string text = options.text(flag.name);
        // runc's flags take the empty text for absence.
        if (text.empty()) continue;
        std::int64_t number = 0;
        if (flag.form != Form::list) {
            const auto parsed = number_of(flag.form, text);
            if (!parsed)
                return Error(Errc::invalid_argument, "invalid value \"" + text + "\" for flag --" +
                                                         flag.name + ": " + expectation(flag.form));
            number = *parsed;
        }
        flag.set(resources, text, number);
    }
    return resources;
}

Result<std::string> read_resources(sys::Kernel& kernel, const std::string& file) {
    if (file == "-")
        return sys::read_fd(kernel, STDIN_FILENO, "standard input", spec::kMaxConfigBytes);
    NUCLEUS_TRY(const std::string path, absolute_path(file));
    return sys::read_file(kernel, AT_FDCWD, path, spec::kMaxConfigBytes);
}

Result<runtime::UpdateRequest> parse(const Invocation& invocation) {
    const Options& options = invocation.options;
    runtime::UpdateRequest request;
    request.id = invocation.operands.front();
    NUCLEUS_TRY(const Resources flags, from_flags(options));
    if (const std::string file = options.text("resources"); !file.empty()) {
        NUCLEUS_TRY(const std::string text, read_resources(invocation.kernel, file));
        NUCLEUS_TRY(request.resources, spec::parse_resources(text));
    }
    policy::overlay(request.resources, flags);
    request.l3_cache_schema = options.text("l3-cache-schema");
    request.mem_bw_schema = options.text("mem-bw-schema");
    return request;
}

Result<int> execute(Invocation& invocation) {
    const std::string outer = clause("update", invocation.operands.front());
    NUCLEUS_TRY(const runtime::UpdateRequest request, parse(invocation).in(outer));
    NUCLEUS_CHECK(invocation.runtime().update(request, invocation.warnings).in(outer));
    return 0;
}

}  // namespace

constinit const Command kUpdateCommand{
    "update", "ID",   1, 1, AfterOperand::options, "change the limits of a container",
    describe, execute};

}  // namespace nucleus::cli
