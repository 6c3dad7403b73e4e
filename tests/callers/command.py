"""Runs a caller's command line to its end."""

import subprocess
import tempfile

TIMEOUT = 60.0


class Answer:
    """What a command printed and how it ended."""

    def __init__(self, command, status, stdout, stderr):
        self.command, self.status, self.stdout, self.stderr = command, status, stdout, stderr

    def must(self, status=0):
        """Itself, or a failure that shows everything if the exit status is another."""
        if self.status != status:
            raise AssertionError(f"expected exit status {status}\n{self!r}")
        return self

    @property
    def line(self):
        """The one line of the output."""
        return self.stdout.strip()

    def __repr__(self):
        return (f"{' '.join(self.command)}: exit status {self.status}\n"
                f"stdout: {self.stdout}\nstderr: {self.stderr}")


def run(command, environment, stdin=b"", pass_fds=(), timeout=TIMEOUT):
    """Output goes to files, not pipes: a process that stays behind must not keep us waiting."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=err,
                                   env=environment, pass_fds=pass_fds, cwd="/")
        try:
            process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"no end within {timeout} s: {' '.join(command)}") from None
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return Answer(command, process.returncode, *texts)
