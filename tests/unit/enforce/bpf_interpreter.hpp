// Runs a seccomp program as the kernel does: classic BPF over struct seccomp_data (linux/filter.h,
// seccomp(2)).
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace nucleus::enforce::testing {

inline std::vector<sock_filter> instructions_of(const std::vector<std::uint8_t>& bytes) {
    if (bytes.empty() || bytes.size() % sizeof(sock_filter) != 0) {
        throw std::runtime_error("no whole number of instructions");
    }
    std::vector<sock_filter> program(bytes.size() / sizeof(sock_filter));
    std::memcpy(program.data(), bytes.data(), bytes.size());
    return program;
}

inline std::uint32_t word_at(const seccomp_data& data, std::uint32_t offset) {
    std::uint32_t word = 0;
    if (offset % sizeof(word) != 0 || offset + sizeof(word) > sizeof(data)) {
        throw std::runtime_error("load outside of seccomp_data");
    }
    std::memcpy(&word, reinterpret_cast<const char*>(&data) + offset, sizeof(word));
    return word;
}

inline bool jump_condition(std::uint16_t code, std::uint32_t accumulator, std::uint32_t k) {
    switch (BPF_OP(code)) {
        case BPF_JEQ:
            return accumulator == k;
        case BPF_JGT:
            return accumulator > k;
        case BPF_JGE:
            return accumulator >= k;
        case BPF_JSET:
            return (accumulator & k) != 0;
        default:
            throw std::runtime_error("unknown jump");
    }
}

// The value that the program returns: SECCOMP_RET_*.
inline std::uint32_t run_program(const std::vector<sock_filter>& program,
                                 const seccomp_data& data) {
    std::uint32_t accumulator = 0;
    std::size_t next = 0;
    while (next < program.size()) {
        const sock_filter& instruction = program[next++];
        switch (instruction.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                accumulator = word_at(data, instruction.k);
                break;
            case BPF_ALU | BPF_AND | BPF_K:
                accumulator &= instruction.k;
                break;
            case BPF_RET | BPF_K:
                return instruction.k;
            case BPF_JMP | BPF_JA:
                next += instruction.k;
                break;
            case BPF_JMP | BPF_JEQ | BPF_K:
            case BPF_JMP | BPF_JGT | BPF_K:
            case BPF_JMP | BPF_JGE | BPF_K:
            case BPF_JMP | BPF_JSET | BPF_K:
                next += jump_condition(instruction.code, accumulator, instruction.k)
                            ? instruction.jt
                            : instruction.jf;
                break;
            default:
                throw std::runtime_error("instruction " + std::to_string(instruction.code));
        }
    }
    throw std::runtime_error("ran off the program's end");
}

}  // namespace nucleus::enforce::testing
