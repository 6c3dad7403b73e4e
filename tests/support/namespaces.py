"""Namespaces that a test holds open for a runtime to join."""

import subprocess

from support import report


def hold(test, *flags, before=":"):
    """A process that keeps new namespaces until the test ends, after running a shell text in them;
    its pid."""
    process = subprocess.Popen(
        ["unshare", *flags, "--kill-child", "sh", "-ec", before + "\necho ready\nexec sleep 600"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end():
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()
    test.on_cleanup(end)
    report.equal(process.stdout.readline(), "ready\n", "the holder of namespaces")
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    with open(children, encoding="ascii") as file:
        forked = file.read().split()
    return int(forked[0]) if forked else process.pid
