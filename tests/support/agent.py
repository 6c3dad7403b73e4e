"""A seccomp agent: listens where listenerPath points, takes each container process state with its
listener, and answers the notified system calls (seccomp_unotify(2))."""

import array
import errno
import fcntl
import json
import os
import select
import socket
import struct
import threading
import time

RECEIVE = 0xC0502100  # SECCOMP_IOCTL_NOTIF_RECV
SEND = 0xC0182101     # SECCOMP_IOCTL_NOTIF_SEND
CONTINUE = 1          # SECCOMP_USER_NOTIF_FLAG_CONTINUE

# A few numbers of the machines that the tests run on.
NUMBERS = {"x86_64": {"execve": 59, "mkdir": 83, "mkdirat": 258, "chdir": 80},
           "aarch64": {"execve": 221, "mkdirat": 34, "chdir": 49}}[os.uname().machine]


class Connection:
    """One connection: what came over it, and the calls that its listener told of."""

    def __init__(self):
        self.payload = b""
        self.descriptors = []
        self.closed = False  # the runtime closed it after the state
        self.calls = []      # (number, pid) in order

    @property
    def state(self):
        return json.loads(self.payload)


class Agent:
    """`answer(number, pid)` gives an errno, or 0: the kernel goes on with the call."""

    def __init__(self, path, answer=lambda number, pid: 0):
        self.path = path
        self.answer = answer
        self.connections = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(path)
        self._socket.listen(8)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self):
        """Stops; what is notified from here on gets ENOSYS from the kernel."""
        if self._stop.is_set():
            return
        self._stop.set()
        for thread in list(self._threads):
            thread.join()
        self._socket.close()
        for connection in self.connections:
            for descriptor in connection.descriptors:
                os.close(descriptor)
            connection.descriptors = []
        if os.path.exists(self.path):
            os.unlink(self.path)

    def connection(self, index=0, timeout=10.0):
        """The connection of that number, once its state is complete."""
        end = time.monotonic() + timeout
        while len(self.connections) <= index or not self.connections[index].closed:
            if time.monotonic() >= end:
                raise AssertionError(f"the agent has no connection {index}")
            time.sleep(0.005)
        return self.connections[index]

    def _accept(self):
        while not self._stop.is_set():
            if not select.select([self._socket], [], [], 0.02)[0]:
                continue
            connected, _ = self._socket.accept()
            connection = Connection()
            self.connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connected, connection))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connected, connection):
        with connected:
            while True:
                part, controls, _, _ = connected.recvmsg(4096, socket.CMSG_SPACE(4 * 8))
                for level, kind, data in controls:
                    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                        received = array.array("i")
                        received.frombytes(data)
                        connection.descriptors += list(received)
                if not part:
                    break
                connection.payload += part
        connection.closed = True
        if connection.descriptors:
            self._answer_all(connection)

    def _answer_all(self, connection):
        listener = connection.descriptors[0]
        while not self._stop.is_set():
            poll = select.poll()
            poll.register(listener, select.POLLIN)
            events = poll.poll(20)
            if not events:
                continue
            if not events[0][1] & select.POLLIN:
                return  # POLLHUP: nobody uses the filter any more
            request = bytearray(80)
            try:
                fcntl.ioctl(listener, RECEIVE, request)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EINTR):
                    continue
                raise
            identity, pid, _, number = struct.unpack_from("<QIIi", request)
            connection.calls.append((number, pid))
            refusal = self.answer(number, pid)
            if refusal is None:
                continue  # it answered by itself
            self.reply(listener, identity, refusal)

    @staticmethod
    def reply(listener, identity, refusal):
        flags = 0 if refusal else CONTINUE
        try:
            fcntl.ioctl(listener, SEND, struct.pack("<QqiI", identity, 0, -refusal, flags))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINPROGRESS):
                raise
