// LaunchPlan → the block that the init reads (wire/plan.hpp). One buffer, sized once; offsets are
// checked at the end.
#include <cstring>

#include "plan/launch_plan.hpp"

namespace nucleus::plan {

namespace {

constexpr std::size_t kAlignment = alignof(std::uint64_t);

class Block {
public:
    explicit Block(std::size_t expected) {
        bytes_.reserve(expected);
        bytes_.resize(sizeof(wire::Header));
    }

    std::uint32_t append(const void* from, std::size_t size) {
        const auto at = static_cast<std::uint32_t>(bytes_.size());
        bytes_.append(static_cast<const char*>(from), size);
        return at;
    }

    void align() { bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment); }

    wire::Text text(std::string_view text) {
        const wire::Text placed{append(text.data(), text.size()),
                                static_cast<std::uint32_t>(text.size())};
        bytes_ += '\0';
        return placed;
    }

    wire::Text texts(const std::vector<std::string>& texts) {
        const auto at = static_cast<std::uint32_t>(bytes_.size());
        for (const auto& one : texts) text(one);
        const auto size = static_cast<std::uint32_t>(bytes_.size()) - at;
        bytes_ += '\0';
        return {at, size};
    }

    wire::Text words(const std::vector<std::uint64_t>& words) {
        align();
        const std::size_t size = words.size() * sizeof words[0];
        return {append(words.data(), size), static_cast<std::uint32_t>(size)};
    }

    // A table of offsets to the strings, `spare` empty entries and the end.
    std::uint32_t table(const std::vector<std::string>& strings, std::size_t spare) {
        std::vector<std::uint64_t> offsets;
        offsets.reserve(strings.size() + spare + 1);
        for (const auto& string : strings) offsets.push_back(text(string).offset);
        offsets.resize(strings.size() + spare + 1);
        align();
        return append(offsets.data(), offsets.size() * sizeof offsets[0]);
    }

    std::string take(const wire::Header& header) {
        std::memcpy(bytes_.data(), &header, sizeof header);
        return std::move(bytes_);
    }

    std::size_t size() const { return bytes_.size(); }

private:
    std::string bytes_;
};

wire::Step encode_step(Block& block, const Step& step) {
    wire::Step out;
    out.op = step.op;
    out.fd = step.fd;
    out.slot = step.slot;
    out.mode = step.mode;
    out.uid = step.uid;
    out.gid = step.gid;
    out.flags = step.flags;
    out.value = step.value;
    out.attributes_set = step.attributes_set;
    out.attributes_clear = step.attributes_clear;
    out.recursive_set = step.recursive_set;
    out.recursive_clear = step.recursive_clear;
    out.target = block.text(step.target);
    out.source = block.text(step.source);
    out.type = block.text(step.type);
    out.options = block.texts(step.options);
    if (!step.mask.empty()) out.mask = block.words(step.mask);
    return out;
}

// An upper bound, so that the buffer is allocated once.
std::size_t estimate(const LaunchPlan& plan, std::size_t seccomp) {
    std::size_t size = sizeof(wire::Header) + seccomp + 4096;
    for (const auto& step : plan.steps) {
        size += sizeof(wire::Step) + step.target.size() + step.source.size() + step.type.size() + 8;
        for (const auto& option : step.options) size += option.size() + 1;
        size += (step.mask.size() + 1) * sizeof(std::uint64_t);
    }
    for (const auto& word : plan.argv) size += word.size() + 16;
    for (const auto& word : plan.env) size += word.size() + 16;
    return size + 4 * (plan.groups.size() + plan.sources.size()) +
           plan.rlimits.size() * sizeof(wire::ResourceLimit);
}

}  // namespace

Result<std::string> encode(const LaunchPlan& plan, const std::vector<std::uint8_t>& seccomp,
                           int gate, const std::vector<int>& tasks) {
    const std::size_t expected = estimate(plan, seccomp.size());
    if (expected > (1U << 30))
        return Error(Errc::invalid_config,
                     "the process's arguments, environment and mounts exceed 1 GiB");
    Block block(expected);
    wire::Header header;
    std::vector<wire::Step> steps;
    steps.reserve(plan.steps.size());
    for (const Step& step : plan.steps) steps.push_back(encode_step(block, step));
    block.align();
    header.steps = block.append(steps.data(), steps.size() * sizeof steps[0]);
    header.step_count = static_cast<std::uint32_t>(steps.size());
    header.unawaited = plan.unawaited;

    const std::vector<std::int32_t> slots(plan.sources.size(), -1);
    header.slots = block.append(slots.data(), slots.size() * sizeof(std::int32_t));
    header.slot_count = static_cast<std::uint32_t>(slots.size());
    header.groups = block.append(plan.groups.data(), plan.groups.size() * sizeof(std::uint32_t));
    header.group_count = static_cast<std::uint32_t>(plan.groups.size());

    const std::vector<std::int32_t> task_fds(tasks.begin(), tasks.end());
    header.tasks = block.append(task_fds.data(), task_fds.size() * sizeof(std::int32_t));
    header.task_count = static_cast<std::uint32_t>(task_fds.size());
    block.align();
    header.rlimits =
        block.append(plan.rlimits.data(), plan.rlimits.size() * sizeof(wire::ResourceLimit));
    header.rlimit_count = static_cast<std::uint32_t>(plan.rlimits.size());

    header.argv = block.table(plan.argv, 0);
    header.argc = static_cast<std::uint32_t>(plan.argv.size());
    header.env = block.table(plan.env, 1 /* HOME */);
    header.envc = static_cast<std::uint32_t>(plan.env.size());
    block.align();
    header.seccomp = {block.append(seccomp.data(), seccomp.size()),
                      static_cast<std::uint32_t>(seccomp.size())};
    header.seccomp_flags = plan.seccomp_flags;
    header.capabilities = plan.capabilities;
    header.gate = gate;
    header.preserve_fds = plan.preserve_fds;
    header.uid = plan.uid;
    header.needs_home = plan.needs_home ? 1 : 0;
    for (const Step& step : plan.steps)
        if (step.op == wire::Op::execute_again) header.executes_again = 1;
    header.size = static_cast<std::uint32_t>(block.size());
    return block.take(header);
}

}  // namespace nucleus::plan
