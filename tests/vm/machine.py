"""One boot of a virtual machine under software emulation, until it powers itself off."""

import collections
import os
import select
import subprocess
import time

kSilence = 25  # seconds without a single byte on either port: the boot that never began

# results: the lines of the second serial port; finished: `end` was among them; console: the first
# port's bytes; silent: nothing came on either; wall: seconds.
Outcome = collections.namedtuple("Outcome", "results finished console silent wall")


def boot(command_for, timeout, on_line, silence=kSilence):
    """One boot: calls on_line for each line of the results port until the machine is off."""
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    started = time.monotonic()
    qemu = subprocess.Popen(command_for(write_end), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, pass_fds=[write_end])
    os.close(write_end)
    console, pending, results, finished = bytearray(), bytearray(), [], False
    open_ends = {read_end, qemu.stdout.fileno()}
    try:
        while open_ends:
            elapsed = time.monotonic() - started
            heard = console or pending or results
            limit = timeout if heard else min(timeout, silence)
            if elapsed > limit:
                break
            ready, _, _ = select.select(list(open_ends), [], [], min(1.0, limit - elapsed + 0.01))
            for end in ready:
                chunk = os.read(end, 65536)
                if not chunk:
                    open_ends.discard(end)
                elif end == read_end:
                    pending += chunk
                    *lines, rest = pending.split(b"\n")
                    pending = bytearray(rest)
                    for line in lines:
                        text = line.decode("utf-8", "replace").rstrip("\r")
                        finished = finished or text == "end"
                        results.append(text)
                        on_line(text)
                else:
                    console += chunk
    finally:
        if open_ends:  # left before the machine was off
            qemu.kill()
        try:
            qemu.wait(timeout=10)
        except subprocess.TimeoutExpired:
            qemu.kill()
            qemu.wait()
        os.close(read_end)
        qemu.stdin.close()
        qemu.stdout.close()
    silent = not (console.strip() or results)
    return Outcome(results, finished, bytes(console), silent, time.monotonic() - started)
