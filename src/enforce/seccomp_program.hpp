// Builds a seccomp program (classic BPF over struct seccomp_data, seccomp(2)) from its end to its
// beginning: a jump's target stands before the jump is written, so its distance is known. Knows
// instructions, not policies.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <map>
#include <vector>

#include "nucleus/policy.hpp"

namespace nucleus::enforce {

class SeccompProgram {
public:
    using Label = std::size_t;  // an instruction, counted from the program's end

    // Ends the program with a SECCOMP_RET_* value.
    Label ret(std::uint32_t value);
    // Compares the accumulator with `k`; `operation` is BPF_JEQ, BPF_JGT or BPF_JGE.
    Label jump(std::uint16_t operation, std::uint32_t k, Label yes, Label no);
    // Loads a word of seccomp_data, and goes on with the instruction that was written last.
    Label load(std::uint32_t offset);
    // Goes to `yes` if the system call's argument is as `arg` says. `narrow`: the architecture has
    // 32-bit arguments.
    Label compare(const policy::SeccompArg& arg, bool narrow, Label yes, Label no);

    std::size_t size() const { return reversed_.size(); }
    std::vector<std::uint8_t> bytes() const;

private:
    Label compare_equal(const policy::SeccompArg& arg, std::uint64_t mask, std::uint64_t value,
                        bool narrow, Label yes, Label no);
    Label compare_order(const policy::SeccompArg& arg, std::uint16_t operation, bool narrow,
                        Label yes, Label no);
    Label write(std::uint16_t code, std::uint32_t k, std::uint8_t yes = 0, std::uint8_t no = 0);
    std::size_t distance(Label target) const { return reversed_.size() - target - 1; }
    Label within_reach(Label target);

    std::vector<sock_filter> reversed_;
    std::map<std::uint32_t, Label> returns_;  // the latest of each value
};

}  // namespace nucleus::enforce
