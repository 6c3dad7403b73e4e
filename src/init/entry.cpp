// Where the kernel enters nucleus-init. argv[1] is the memfd's number, argv[2] the channel's,
// argv[3] the plan's offset in the memfd; by `execute again` also argv[4], the step to go on with,
// and argv[5], 1 if groups are denied.
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "init/init.hpp"

namespace nucleus::init {

namespace {

constexpr int kSigSetmask = 2;  // SIG_SETMASK; <signal.h> would bring libc's types
constexpr int kSeekEnd = 2;     // SEEK_END

long number_of(const char* digits) {
    long value = 0;
    for (; *digits >= '0' && *digits <= '9'; ++digits) value = value * 10 + (*digits - '0');
    return value;
}

// Every signal waits, from here to the wait for start (gate.cpp) and the execve: a pid 1 would lose
// those with default action.
void block_signals() {
    const unsigned long all = ~0UL;
    call(__NR_rt_sigprocmask, kSigSetmask, &all, 0, sizeof all);
}

}  // namespace

extern "C" [[noreturn]] void nucleus_init_main(const long* stack) {
    const long argc = stack[0];
    const auto* argv = reinterpret_cast<const char* const*>(stack + 1);
    int status = 70;
    call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    call(__NR_prctl, PR_SET_NAME, "nucleus:init", 0, 0, 0);
    block_signals();
    if (argc == 4 || argc == 6) {
        const long memory = number_of(argv[1]);
        const long offset = number_of(argv[3]);
        const long size = call(__NR_lseek, memory, 0, kSeekEnd) - offset;
        Init init;
        init.channel = static_cast<int>(number_of(argv[2]));
        init.arguments = argv;
        if (argc == 6) {
            init.first = static_cast<unsigned>(number_of(argv[4]));
            init.groups_denied = number_of(argv[5]) != 0;
        }
        const long block =
            call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, memory, offset);
        init.block = reinterpret_cast<char*>(block);
        init.header = reinterpret_cast<const wire::Header*>(init.block);
        if (size > 0 && block > 0 && init.header->magic == wire::kPlanMagic) {
            init.steps = reinterpret_cast<const wire::Step*>(init.block + init.header->steps);
            // Everything but stdio and what the caller wants preserved is ours, and ends with the
            // execve of the program.
            call(__NR_close_range, 3 + init.header->preserve_fds, ~0U, CLOSE_RANGE_CLOEXEC);
            if (init.header->executes_again != 0 && init.first == 0)
                init.memory = static_cast<int>(memory);
            else
                call(__NR_close, memory);
            status = walk(init);
        }
    }
    call(__NR_exit_group, status);
    // A filter that refuses even that: its program could not be executed.
    __builtin_trap();
}

}  // namespace nucleus::init

#if defined(__x86_64__)
__asm__(
    ".globl _start\n.type _start,@function\n_start:\n"
    "xor %ebp,%ebp\nmov %rsp,%rdi\nand $-16,%rsp\ncall nucleus_init_main\nhlt\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n.type _start,%function\n_start:\n"
    "mov x29,#0\nmov x30,#0\nmov x0,sp\nand x1,x0,#-16\nmov sp,x1\nb nucleus_init_main\n");
#elif defined(__riscv)
__asm__(
    ".globl _start\n.type _start,@function\n_start:\n"
    "li ra,0\nmv a0,sp\nandi sp,sp,-16\ntail nucleus_init_main\n");
#endif
