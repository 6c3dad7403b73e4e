// The init's only way out: one system call, in registers. An architecture is one stub here and one
// _start in entry.cpp.
//
// The unit tests build the steps a second time with NUCLEUS_INIT_HOSTED: the same calls then go to
// a function of the test's choice.
#pragma once

#include <asm/unistd.h>

namespace nucleus::init {

#if defined(NUCLEUS_INIT_HOSTED)

extern long (*hosted_call)(long number, const long (&arguments)[6]);

inline long raw_call(long number, long a, long b, long c, long d, long e, long f) {
    const long arguments[6] = {a, b, c, d, e, f};
    return hosted_call(number, arguments);
}

#elif defined(__x86_64__)

inline long raw_call(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

inline long raw_call(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#elif defined(__riscv) && __riscv_xlen == 64

inline long raw_call(long number, long a, long b, long c, long d, long e, long f) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
}

#else
#error "nucleus-init has no system call stub for this architecture"
#endif

template <class T>
inline long as_register(T value) {
    return (long)value;  // pointers and integers alike: what the kernel's calling convention does
}

// call(__NR_x, ...): the kernel's own result, -errno on failure.
template <class... Arguments>
inline long call(long number, Arguments... arguments) {
    static_assert(sizeof...(arguments) <= 6);
    const long all[7] = {as_register(arguments)..., 0};
    constexpr unsigned long n = sizeof...(arguments);
    return raw_call(number, n > 0 ? all[0] : 0, n > 1 ? all[1] : 0, n > 2 ? all[2] : 0,
                    n > 3 ? all[3] : 0, n > 4 ? all[4] : 0, n > 5 ? all[5] : 0);
}

}  // namespace nucleus::init
