#include "enforce/device_filter.hpp"

#include <errno.h>

#include <array>
#include <cstddef>

#include "base/unique_fd.hpp"
#include "enforce/devices.hpp"

namespace nucleus::enforce {

namespace {

// What each register holds throughout the program. R1 comes in with the bpf_cgroup_dev_ctx.
enum Register : std::uint8_t {
    kVerdict = BPF_REG_0,
    kContext = BPF_REG_1,
    kType = BPF_REG_2,
    kWanted = BPF_REG_3,  // accesses that no rule has decided on yet
    kMajor = BPF_REG_4,
    kMinor = BPF_REG_5,
};

class Assembler {
public:
    void load_word(Register to, std::size_t offset) {
        emit(BPF_LDX | BPF_MEM | BPF_W, to, kContext, static_cast<std::int16_t>(offset), 0);
    }
    void move(Register to, std::int32_t value) { emit(BPF_ALU | BPF_MOV | BPF_K, to, 0, 0, value); }
    void move_register(Register to, Register from) {
        emit(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0);
    }
    void mask(Register to, std::int32_t bits) { emit(BPF_ALU | BPF_AND | BPF_K, to, 0, 0, bits); }
    void shift_right(Register to, std::int32_t by) {
        emit(BPF_ALU | BPF_RSH | BPF_K, to, 0, 0, by);
    }
    // The jumps below go to where end_rule() will stand. 32-bit compares: a 64-bit one would extend
    // the sign.
    void unless_equal_leave(Register left, std::uint32_t value) {
        leave(BPF_JMP32 | BPF_JNE | BPF_K, left, static_cast<std::int32_t>(value));
    }
    void unless_any_bit_leave(Register left, std::int32_t bits) {
        emit(BPF_JMP32 | BPF_JSET | BPF_K, left, 0, 1, bits);
        leave(BPF_JMP | BPF_JA, 0, 0);
    }
    void answer(bool allow) {
        move(kVerdict, allow);
        emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    }
    void end_rule() {
        for (const std::size_t at : leaving_)
            program_[at].off = static_cast<std::int16_t>(program_.size() - at - 1);
        leaving_.clear();
    }
    std::vector<bpf_insn> take() && { return std::move(program_); }

private:
    void emit(int code, int to, int from, std::int16_t offset, std::int32_t immediate) {
        bpf_insn instruction{};
        instruction.code = static_cast<std::uint8_t>(code);
        instruction.dst_reg = static_cast<std::uint8_t>(to) & 0xf;
        instruction.src_reg = static_cast<std::uint8_t>(from) & 0xf;
        instruction.off = offset;
        instruction.imm = immediate;
        program_.push_back(instruction);
    }
    void leave(int code, int left, std::int32_t immediate) {
        leaving_.push_back(program_.size());
        emit(code, left, 0, 0, immediate);
    }

    std::vector<bpf_insn> program_;
    std::vector<std::size_t> leaving_;
};

constexpr std::int32_t kAllAccess = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;

std::int32_t access_bits(const std::string& access) {
    std::int32_t bits = 0;
    for (const char c : access)
        bits |= c == 'r'   ? BPF_DEVCG_ACC_READ
                : c == 'w' ? BPF_DEVCG_ACC_WRITE
                           : BPF_DEVCG_ACC_MKNOD;
    return bits;
}

void compile_rule(Assembler& code, const policy::DeviceRule& rule, std::int32_t access) {
    if (rule.type != 'a')
        code.unless_equal_leave(kType, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    if (rule.major) code.unless_equal_leave(kMajor, *rule.major);
    if (rule.minor) code.unless_equal_leave(kMinor, *rule.minor);
    if (access != kAllAccess) {
        if (rule.allow) {
            code.mask(kWanted, kAllAccess & ~access);
            code.unless_equal_leave(kWanted, 0);
        } else {
            code.unless_any_bit_leave(kWanted, access);
        }
    }
    code.answer(rule.allow);
    code.end_rule();
}

constexpr std::string_view kProgramName = "nucleus_devices";  // BPF_OBJ_NAME_LEN with its NUL

int load(sys::Kernel& kernel, const std::vector<bpf_insn>& program) {
    static constexpr char kLicense[] = "Apache-2.0";
    bpf_attr attributes{};
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = reinterpret_cast<std::uintptr_t>(program.data());
    attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
    attributes.license = reinterpret_cast<std::uintptr_t>(kLicense);
    kProgramName.copy(attributes.prog_name, sizeof attributes.prog_name - 1);
    return kernel.bpf(BPF_PROG_LOAD, attributes, sizeof attributes);
}

// Before Linux 5.11 programs count against RLIMIT_MEMLOCK, and going beyond it is EPERM.
int load_with_memory(sys::Kernel& kernel, const std::vector<bpf_insn>& program) {
    const int fd = load(kernel, program);
    if (fd != -EPERM) return fd;
    rlimit old{};
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (kernel.prlimit(0, RLIMIT_MEMLOCK, &unlimited, &old) < 0) return fd;
    const int again = load(kernel, program);
    kernel.prlimit(0, RLIMIT_MEMLOCK, &old, nullptr);
    return again;
}

constexpr std::size_t kMaxPrograms =
    64;  // BPF_CGROUP_MAX_PROGS: the kernel attaches no more to one cgroup

Result<std::vector<std::uint32_t>> attached_programs(sys::Kernel& kernel, int directory) {
    std::array<std::uint32_t, kMaxPrograms> ids{};
    bpf_attr query{};
    query.query.target_fd = static_cast<std::uint32_t>(directory);
    query.query.attach_type = BPF_CGROUP_DEVICE;
    query.query.prog_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    query.query.prog_cnt = kMaxPrograms;
    if (const int error = kernel.bpf(BPF_PROG_QUERY, query, sizeof query); error < 0)
        return Error::from_errno(-error, "query the device filters of the cgroup");
    return std::vector<std::uint32_t>(ids.begin(), ids.begin() + query.query.prog_cnt);
}

bool is_own(sys::Kernel& kernel, int program) {
    bpf_prog_info facts{};
    bpf_attr attributes{};
    attributes.info.bpf_fd = static_cast<std::uint32_t>(program);
    attributes.info.info_len = sizeof facts;
    attributes.info.info = reinterpret_cast<std::uintptr_t>(&facts);
    return kernel.bpf(BPF_OBJ_GET_INFO_BY_FD, attributes, sizeof attributes) >= 0 &&
           kProgramName == facts.name;
}

Result<void> detach(sys::Kernel& kernel, int directory, std::uint32_t id, Replaced replaced) {
    bpf_attr by_id{};
    by_id.prog_id = id;
    const base::UniqueFd program(kernel.bpf(BPF_PROG_GET_FD_BY_ID, by_id, sizeof by_id));
    if (program.get() == -ENOENT) return {};
    if (program.get() < 0) return Error::from_errno(-program.get(), "open the old device filter");
    if (replaced == Replaced::own && !is_own(kernel, program.get())) return {};
    bpf_attr attributes{};
    attributes.target_fd = static_cast<std::uint32_t>(directory);
    attributes.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
    attributes.attach_type = BPF_CGROUP_DEVICE;
    const int error = kernel.bpf(BPF_PROG_DETACH, attributes, sizeof attributes);
    if (error < 0 && error != -ENOENT)
        return Error::from_errno(-error, "detach the old device filter");
    return {};
}

}  // namespace

std::vector<bpf_insn> compile_device_filter(const std::vector<policy::DeviceRule>& rules) {
    Assembler code;
    code.load_word(kType, offsetof(bpf_cgroup_dev_ctx, access_type));
    code.move_register(kWanted, kType);
    code.shift_right(kWanted, 16);
    code.mask(kType, 0xffff);
    code.load_word(kMajor, offsetof(bpf_cgroup_dev_ctx, major));
    code.load_word(kMinor, offsetof(bpf_cgroup_dev_ctx, minor));
    for (auto each = rules.rbegin(); each != rules.rend(); ++each) {
        const policy::DeviceRule& rule = *each;
        const std::int32_t access = access_bits(rule.access);
        if (access == 0) continue;
        if (covers_everything(rule)) {  // nothing before it can matter, and the verifier refuses
                                        // what is never reached
            code.answer(rule.allow);
            return std::move(code).take();
        }
        compile_rule(code, rule, access);
    }
    code.answer(true);
    return std::move(code).take();
}

Result<void> attach_device_filter(sys::Kernel& kernel, int directory,
                                  const std::vector<bpf_insn>& program, Replaced replaced) {
    NUCLEUS_TRY(const auto old, attached_programs(kernel, directory));
    const base::UniqueFd loaded(load_with_memory(kernel, program));
    if (loaded.get() < 0) return Error::from_errno(-loaded.get(), "load the device filter");
    bpf_attr attributes{};
    attributes.target_fd = static_cast<std::uint32_t>(directory);
    attributes.attach_bpf_fd = static_cast<std::uint32_t>(loaded.get());
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    if (const int error = kernel.bpf(BPF_PROG_ATTACH, attributes, sizeof attributes); error < 0)
        return Error::from_errno(-error, "attach the device filter");
    // Only now: at no time is the cgroup without a filter.
    for (const std::uint32_t id : old) NUCLEUS_CHECK(detach(kernel, directory, id, replaced));
    return {};
}

}  // namespace nucleus::enforce
