#include "enforce/seccomp_program.hpp"

#include <linux/seccomp.h>

#include <bit>
#include <cstddef>
#include <cstring>

namespace nucleus::enforce {
namespace {

using policy::SeccompArg;

// A conditional jump holds its distances in 8 bits. What is written between a target's choice and
// the jump itself are at most two instructions (within_reach).
constexpr std::size_t kReach = 250;

constexpr std::uint32_t kHalf = sizeof(std::uint32_t);

std::uint32_t argument_offset(std::uint32_t index) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}
std::uint32_t low_offset(std::uint32_t index) {
    return argument_offset(index) + (std::endian::native == std::endian::little ? 0 : kHalf);
}
std::uint32_t high_offset(std::uint32_t index) {
    return argument_offset(index) + (std::endian::native == std::endian::little ? kHalf : 0);
}

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

}  // namespace

SeccompProgram::Label SeccompProgram::write(std::uint16_t code, std::uint32_t k, std::uint8_t yes,
                                            std::uint8_t no) {
    reversed_.push_back({code, yes, no, k});
    return reversed_.size() - 1;
}

SeccompProgram::Label SeccompProgram::ret(std::uint32_t value) {
    // Written again where the last one is far: one instruction either way, and no jump to a jump.
    const auto last = returns_.find(value);
    if (last != returns_.end() && distance(last->second) < kReach) return last->second;
    const Label label = write(BPF_RET | BPF_K, value);
    returns_[value] = label;
    return label;
}

SeccompProgram::Label SeccompProgram::within_reach(Label target) {
    const std::size_t far = distance(target);
    return far < kReach ? target : write(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(far));
}

SeccompProgram::Label SeccompProgram::jump(std::uint16_t operation, std::uint32_t k, Label yes,
                                           Label no) {
    yes = within_reach(yes);
    no = within_reach(no);
    return write(static_cast<std::uint16_t>(BPF_JMP | operation | BPF_K), k,
                 static_cast<std::uint8_t>(distance(yes)), static_cast<std::uint8_t>(distance(no)));
}

SeccompProgram::Label SeccompProgram::load(std::uint32_t offset) {
    return write(BPF_LD | BPF_W | BPF_ABS, offset);
}

SeccompProgram::Label SeccompProgram::compare_equal(const SeccompArg& arg, std::uint64_t mask,
                                                    std::uint64_t value, bool narrow, Label yes,
                                                    Label no) {
    constexpr std::uint32_t kAll = ~std::uint32_t{0};
    jump(BPF_JEQ, low(value), yes, no);
    if (low(mask) != kAll) write(BPF_ALU | BPF_AND | BPF_K, low(mask));
    const Label low_half = load(low_offset(arg.index));
    if (narrow || high(mask) == 0) return low_half;
    jump(BPF_JEQ, high(value), low_half, no);
    if (high(mask) != kAll) write(BPF_ALU | BPF_AND | BPF_K, high(mask));
    return load(high_offset(arg.index));
}

// `operation`: BPF_JGT or BPF_JGE. The high halves decide unless they are equal.
SeccompProgram::Label SeccompProgram::compare_order(const SeccompArg& arg, std::uint16_t operation,
                                                    bool narrow, Label yes, Label no) {
    jump(operation, low(arg.value), yes, no);
    const Label low_half = load(low_offset(arg.index));
    if (narrow) return low_half;
    const Label not_above = jump(BPF_JEQ, high(arg.value), low_half, no);
    jump(BPF_JGT, high(arg.value), yes, not_above);
    return load(high_offset(arg.index));
}

SeccompProgram::Label SeccompProgram::compare(const SeccompArg& arg, bool narrow, Label yes,
                                              Label no) {
    constexpr std::uint64_t kAll = ~std::uint64_t{0};
    switch (arg.op) {
        case SeccompArg::Op::eq:
            return compare_equal(arg, kAll, arg.value, narrow, yes, no);
        case SeccompArg::Op::ne:
            return compare_equal(arg, kAll, arg.value, narrow, no, yes);
        case SeccompArg::Op::masked_eq:
            return compare_equal(arg, arg.value, arg.value_two & arg.value, narrow, yes, no);
        case SeccompArg::Op::gt:
            return compare_order(arg, BPF_JGT, narrow, yes, no);
        case SeccompArg::Op::ge:
            return compare_order(arg, BPF_JGE, narrow, yes, no);
        case SeccompArg::Op::lt:
            return compare_order(arg, BPF_JGE, narrow, no, yes);
        case SeccompArg::Op::le:
            return compare_order(arg, BPF_JGT, narrow, no, yes);
    }
    return no;
}

std::vector<std::uint8_t> SeccompProgram::bytes() const {
    const std::vector<sock_filter> program(reversed_.rbegin(), reversed_.rend());
    std::vector<std::uint8_t> bytes(program.size() * sizeof(sock_filter));
    if (!bytes.empty()) std::memcpy(bytes.data(), program.data(), bytes.size());
    return bytes;
}

}  // namespace nucleus::enforce
