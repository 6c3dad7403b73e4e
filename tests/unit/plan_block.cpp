#include "plan_block.hpp"

#include <cstring>
#include <stdexcept>

namespace nucleus::testing {

namespace {

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    template <class T>
    std::vector<T> array(std::uint64_t offset, std::uint64_t count) const {
        demand(count == 0 || offset % alignof(T) == 0, "an array is not aligned");
        const std::string_view raw = range(offset, count * sizeof(T));
        std::vector<T> values(count);
        if (count > 0) std::memcpy(values.data(), raw.data(), raw.size());
        return values;
    }

    std::string text(wire::Text text) const {
        demand(range(text.offset, std::uint64_t{text.size} + 1).back() == 0, "a text has no end");
        return std::string(range(text.offset, text.size));
    }

    std::vector<std::string> texts(wire::Text texts) const {
        std::string rest = text(texts);
        std::vector<std::string> values;
        while (!rest.empty()) {
            const std::size_t end = rest.find('\0');
            demand(end != std::string::npos, "one of several texts has no end");
            values.push_back(rest.substr(0, end));
            rest.erase(0, end + 1);
        }
        return values;
    }

    // A table of offsets that ends with `spare` + 1 zeros.
    std::vector<std::string> table(std::uint32_t offset, std::uint32_t count,
                                   std::uint32_t spare) const {
        const auto offsets = array<std::uint64_t>(offset, std::uint64_t{count} + spare + 1);
        std::vector<std::string> values;
        for (std::uint32_t i = 0; i < count; ++i) {
            demand(offsets[i] != 0 && offsets[i] < bytes_.size(), "a table points outside");
            const std::string_view rest = bytes_.substr(offsets[i]);
            demand(rest.find('\0') != std::string_view::npos, "a table's text has no end");
            values.emplace_back(rest.substr(0, rest.find('\0')));
        }
        for (std::uint32_t i = count; i < offsets.size(); ++i)
            demand(offsets[i] == 0, "a table does not end");
        return values;
    }

    static void demand(bool holds, const char* complaint) {
        if (!holds) throw std::runtime_error(complaint);
    }

private:
    std::string_view range(std::uint64_t offset, std::uint64_t size) const {
        demand(offset <= bytes_.size() && size <= bytes_.size() - offset, "an offset lies outside");
        return bytes_.substr(offset, size);
    }

    std::string_view bytes_;
};

plan::Step step_of(const Reader& reader, const wire::Step& from) {
    plan::Step step;
    step.op = from.op;
    step.fd = from.fd;
    step.slot = from.slot;
    step.mode = from.mode;
    step.uid = from.uid;
    step.gid = from.gid;
    step.flags = from.flags;
    step.value = from.value;
    step.attributes_set = from.attributes_set;
    step.attributes_clear = from.attributes_clear;
    step.recursive_set = from.recursive_set;
    step.recursive_clear = from.recursive_clear;
    step.target = reader.text(from.target);
    step.source = reader.text(from.source);
    step.type = reader.text(from.type);
    step.options = reader.texts(from.options);
    step.mask = reader.array<std::uint64_t>(from.mask.offset, from.mask.size / 8);
    return step;
}

}  // namespace

PlanBlock read_plan_block(std::string_view bytes) {
    const Reader reader(bytes);
    PlanBlock block;
    block.header = reader.array<wire::Header>(0, 1).front();
    const wire::Header& header = block.header;
    reader.demand(header.magic == wire::kPlanMagic, "the magic is another");
    reader.demand(header.size == bytes.size(), "the size is another");
    for (const wire::Step& step : reader.array<wire::Step>(header.steps, header.step_count))
        block.steps.push_back(step_of(reader, step));
    block.slots = reader.array<std::int32_t>(header.slots, header.slot_count);
    block.argv = reader.table(header.argv, header.argc, 0);
    block.env = reader.table(header.env, header.envc, 1 /* HOME */);
    block.groups = reader.array<std::uint32_t>(header.groups, header.group_count);
    block.tasks = reader.array<std::int32_t>(header.tasks, header.task_count);
    block.rlimits = reader.array<wire::ResourceLimit>(header.rlimits, header.rlimit_count);
    block.seccomp = reader.array<std::uint8_t>(header.seccomp.offset, header.seccomp.size);
    // struct sock_filter: a 16-bit code first, a 32-bit value last.
    reader.demand(header.seccomp.offset % 8 == 0, "the seccomp program is not aligned");
    return block;
}

}  // namespace nucleus::testing
