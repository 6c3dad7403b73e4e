"""Drives one OCI runtime program: `PATH --root ROOT COMMAND ...`, with time limits.

Standard output and error go to files of their own: a created container keeps them open, so a pipe
would never reach its end, and older runtimes chown and chmod their stdio, so it must never be
/dev/null or a terminal of this machine.
"""

import array
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DEFAULT_TIMEOUT = 20.0

# crun refuses the hybrid cgroup layout; in a private mount namespace without the v2 mount it sees
# a pure v1 layout.
_HIDE_UNIFIED = 'umount /sys/fs/cgroup/unified && exec "$@"'


class Result:
    """How a command of the runtime ended; stdout and stderr are read when asked for, so that what
    a container wrote after `create` returned is seen too."""

    def __init__(self, arguments, process, stdout, stderr):
        self.arguments = arguments
        self.process = process
        self._stdout = stdout
        self._stderr = stderr

    @property
    def status(self):
        """Exit status; -N: ended by signal N; None: still running."""
        return self.process.poll()

    @property
    def stdout(self):
        return _contents(self._stdout)

    @property
    def stderr(self):
        return _contents(self._stderr)

    def __iter__(self):
        return iter((self.status, self.stdout, self.stderr))

    def __repr__(self):
        return (f"{' '.join(self.arguments)}: status {self.status}\n"
                f"stdout: {self.stdout!r}\nstderr: {self.stderr!r}")

    def must(self, status=0):
        """The result itself, or a failure that shows everything if the status is another."""
        if self.status != status:
            raise AssertionError(f"expected status {status}\n{self!r}")
        return self

    def wait(self, timeout=DEFAULT_TIMEOUT):
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            kill_group(self.process)
            raise AssertionError(f"no end within {timeout} s\n{self!r}") from None
        return self


def _contents(file):
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode("utf-8", "replace")


def kill_group(process):
    """Ends a process that start_new_session put at the head of its own group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Runtime:
    """One runtime program with one state root. `kind` is nucleus, runc, crun, ..."""

    def __init__(self, path, root, global_arguments=()):
        self.path = path
        self.root = root
        self.global_arguments = list(global_arguments)
        self.environment = dict(os.environ)
        self.kind = runtime_kind(path)
        self.wrapper = _wrapper(self.kind)
        self.stdin = None  # a file or descriptor for the next calls; None: a pipe at its end

    def spawn(self, *arguments, environment=None, stdin=None, stdout=None, stderr=None,
              before_exec=None, pass_fds=(), cwd=None):
        """Starts a command and returns its Result without waiting for the end."""
        command = [*self.wrapper, self.path, "--root", self.root, *self.global_arguments,
                   *map(str, arguments)]
        out = stdout or tempfile.TemporaryFile()
        err = stderr or tempfile.TemporaryFile()
        given = stdin if stdin is not None else self.stdin
        source = given if given is not None else subprocess.PIPE
        process = subprocess.Popen(
            command, stdin=source, stdout=out, stderr=err, cwd=cwd, pass_fds=pass_fds,
            env=self.environment if environment is None else environment,
            start_new_session=True, preexec_fn=before_exec)
        if process.stdin is not None:
            process.stdin.close()
        return Result(command, process, out, err)

    def call(self, *arguments, timeout=DEFAULT_TIMEOUT, **options):
        """Runs a command to its end."""
        return self.spawn(*arguments, **options).wait(timeout)

    def create(self, container, bundle, *arguments, **options):
        return self.call("create", "--bundle", _path(bundle), *arguments, container, **options)

    def start(self, container, **options):
        return self.call("start", container, **options)

    def run(self, container, bundle, *arguments, **options):
        """Foreground run; with --detach it returns after the start."""
        return self.call("run", "--bundle", _path(bundle), *arguments, container, **options)

    def kill(self, container, name="KILL", *arguments, **options):
        return self.call("kill", *arguments, container, name, **options)

    def delete(self, container, *arguments, **options):
        return self.call("delete", *arguments, container, **options)

    def exec(self, container, *arguments, **options):
        """Command line form: exec(ID, "sh", "-c", ...); flags go into `flags`."""
        flags = options.pop("flags", ())
        return self.call("exec", *flags, container, *arguments, **options)

    def exec_process(self, container, process, *flags, **options):
        """JSON form: `exec --process FILE`."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(process, file)
            file.flush()
            return self.call("exec", "--process", file.name, *flags, container, **options)

    def state(self, container, **options):
        """The decoded state; fails if the command does."""
        result = self.call("state", container, **options).must()
        return json.loads(result.stdout)

    def status(self, container):
        """The status word, or None if the container does not exist."""
        result = self.call("state", container)
        return json.loads(result.stdout)["status"] if result.status == 0 else None

    def wait_status(self, container, wanted, timeout=10.0):
        end = time.monotonic() + timeout
        while True:
            now = self.status(container)
            if now == wanted:
                return
            if time.monotonic() >= end:
                raise AssertionError(f"{container} is {now}, not {wanted}, after {timeout} s")
            time.sleep(0.01)

    def delete_all(self):
        """Cleanup: deletes by force every container that has state under the root."""
        if not os.path.isdir(self.root):
            return
        for name in sorted(os.listdir(self.root)):
            if os.path.isdir(os.path.join(self.root, name)):
                self.delete(name, "--force")


def _path(bundle):
    return getattr(bundle, "path", bundle)


_kinds = {}


def runtime_kind(path):
    """The first word of `--version`: nucleus, runc, crun, ..."""
    if path not in _kinds:
        output = subprocess.run([path, "--version"], capture_output=True, check=False, input="",
                                text=True, timeout=DEFAULT_TIMEOUT).stdout
        _kinds[path] = output.split()[0] if output.split() else os.path.basename(path)
    return _kinds[path]


def _wrapper(kind):
    """The command before crun that hides the v2 hierarchy of a hybrid layout."""
    if kind != "crun" or not os.path.ismount("/sys/fs/cgroup/unified"):
        return []
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", _HIDE_UNIFIED, "sh"]


_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """Makes container processes children of this one once the runtime is gone, as conmon and
    containerd's shim do: their exit status can then be had, and no zombie is left to process 1."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def reap(pid, timeout=10.0):
    """Waits for a child of the subreaper; its exit code, or -N if signal N ended it."""
    end = time.monotonic() + timeout
    descriptor = os.pidfd_open(pid)
    try:
        while not select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
            if time.monotonic() >= end:
                raise AssertionError(f"process {pid} did not end within {timeout} s")
    finally:
        os.close(descriptor)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def find_peer(name):
    """The path of an installed peer (runc, crun), or None."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin")


class ConsoleSocket:
    """A listening socket that receives one terminal from the runtime, as conmon does."""

    def __init__(self, path):
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(1)

    def receive(self, timeout=10.0):
        """(master descriptor, payload bytes, number of descriptors that came)."""
        self._listener.settimeout(timeout)
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(timeout)
            space = socket.CMSG_SPACE(16 * array.array("i").itemsize)
            payload, controls, _, _ = connection.recvmsg(
                4096, space, socket.MSG_CMSG_CLOEXEC)
            descriptors = array.array("i")
            for level, kind, data in controls:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    descriptors.frombytes(data)
        if not descriptors:
            raise AssertionError("the message on the console socket carries no descriptor")
        return descriptors[0], payload, len(descriptors)

    def close(self):
        self._listener.close()
        if os.path.exists(self.path):
            os.unlink(self.path)


def read_terminal(master, timeout=10.0):
    """Everything written to a terminal until its last slave closes (EIO) or the time is over."""
    chunks = []
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        ready, _, _ = select.select([master], [], [], 0.05)
        if not ready:
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        chunks.append(data)
    return b"".join(chunks).decode("utf-8", "replace").replace("\r\n", "\n")
