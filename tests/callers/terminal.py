"""A program on a pseudo-terminal of its own, as a person would run it (pty(7))."""

import fcntl
import os
import select
import struct
import subprocess
import termios
import time

TIMEOUT = 30.0


class Terminal:
    """Starts the command as leader of a session whose controlling terminal is a new pty."""

    def __init__(self, command, environment=None, rows=33, columns=99):
        self._master, slave = os.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self._seen = b""

    @property
    def text(self):
        """All that came out so far. Two terminals in a row may each have added carriage returns."""
        return self._seen.decode("utf-8", "replace").replace("\r", "")

    def resize(self, rows, columns):
        """The kernel sends SIGWINCH to the foreground process group (ioctl_tty(2))."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def write(self, text):
        os.write(self._master, text.encode())

    def read_until(self, part, timeout=TIMEOUT):
        """Reads until the output has the part; a failure shows what came instead."""
        end = time.monotonic() + timeout
        while part not in self.text:
            if not self._read_some(end):
                raise AssertionError(f"the terminal did not show {part!r}; it showed\n{self.text}")
        return self.text

    def wait(self, timeout=TIMEOUT):
        """Reads to the end and returns the exit status."""
        end = time.monotonic() + timeout
        while self._read_some(end):
            pass
        try:
            return self.process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"no end within {timeout} s; it showed\n{self.text}") from None

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _read_some(self, end):
        """False at the end of the output (EIO: the last slave is closed) or of the time."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self._seen += data
        return bool(data)
