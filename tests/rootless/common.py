"""What the rootless cases share: an ordinary user with a runtime of its own."""

import json
import os
import shutil
import subprocess
import tempfile

from support import census, report
from support.container import Container, reap_orphans
from support.runtime import Runtime

suite = report.Suite("rootless", budget=120)

# In no file of this machine: what the machine's own users may do must not matter.
UID = 41234
RANGE = 500000
SIZE = 65536

# Files that the setuid programs read, put over the machine's in a private mount namespace.
NAMES = {"passwd": f"root:x:0:0:root:/root:/bin/sh\nordinary:x:{UID}:{UID}::/:/bin/sh\n",
         "group": f"root:x:0:\nordinary:x:{UID}:\n",
         "subuid": f"ordinary:{RANGE}:{SIZE}\n", "subgid": f"ordinary:{RANGE}:{SIZE}\n"}


class User:
    """An ordinary user: $XDG_RUNTIME_DIR, a copy of the runtime that it may execute, bundles."""

    def __init__(self, t, before="true"):
        self.t = t
        os.chmod(suite.scratch, 0o755)
        self.home = os.path.join(t.directory, "home")
        self.run_directory = os.path.join(self.home, "run")
        os.mkdir(self.home)
        os.mkdir(self.run_directory, 0o700)
        own(self.home)
        files = os.path.join(t.directory, "etc")
        os.mkdir(files)
        for name, text in NAMES.items():
            with open(os.path.join(files, name), "w", encoding="ascii") as file:
                file.write(text)
        binds = " && ".join(f"mount --bind {files}/{name} /etc/{name}" for name in NAMES)
        self.wrapper = ["unshare", "-m", "--propagation", "private", "sh", "-c",
                        f'{binds} && {before} && exec setpriv --reuid={UID} --regid={UID} '
                        '--clear-groups "$@"', "sh"]
        self.program = os.path.join(t.directory, "runtime")
        shutil.copyfile(t.runtime_path, self.program)
        os.chmod(self.program, 0o755)
        self.runtime = Runtime(self.program, os.path.join(self.run_directory, "nucleus"))
        self.runtime.wrapper = self.wrapper
        self.runtime.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                    "XDG_RUNTIME_DIR": self.run_directory}
        t.on_cleanup(self.runtime.delete_all)

    def call(self, *arguments, environment=None):
        """The runtime without --root."""
        # Files: a container that lives on holds them open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
            done = subprocess.run([*self.wrapper, self.program, *arguments], check=False,
                                  env=environment or self.runtime.environment, stdout=out,
                                  stderr=error, stdin=subprocess.PIPE, timeout=20)
            out.seek(0)
            error.seek(0)
            done.stdout, done.stderr = out.read(), error.read()
            return done


def own(directory, uid=UID):
    """Gives a tree to the user, but for programs that are shared hard links."""
    for where, _, files in os.walk(directory):
        os.lchown(where, uid, uid)
        for name in files:
            path = os.path.join(where, name)
            if os.path.islink(path) or os.stat(path).st_nlink == 1:
                os.lchown(path, uid, uid)


def rootless_config(user):
    """What `spec --rootless` writes, without a terminal: nobody is at it."""
    where = os.path.join(user.home, "spec")
    os.mkdir(where)
    os.chown(where, UID, UID)
    result = user.call("spec", "--rootless", "--bundle", where)
    report.equal((result.returncode, result.stderr), (0, ""), "spec --rootless")
    with open(os.path.join(where, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    os.unlink(os.path.join(where, "config.json"))
    config["process"]["terminal"] = False
    return config


def ranges():
    """Root is the user itself, the others are of its subordinate ids."""
    return [{"containerID": 0, "hostID": UID, "size": 1},
            {"containerID": 1, "hostID": RANGE, "size": SIZE - 1}]


class Box(Container):
    """A container of the user's."""

    def __init__(self, t, change=None, arguments=(), user=None):
        self.user = user or User(t)
        super().__init__(t, arguments, change, runtime=self.user.runtime)

    def prepare(self):
        self.bundle.config = rootless_config(self.user)

    def write(self):
        self.bundle.write()
        own(self.bundle.path)
        return self.settle()

    def census(self):
        reap_orphans()
        return census.of_test(self.t, self.runtime.root)

    def run(self):
        return self.create().start()

    @property
    def pid(self):
        return self.state()["pid"]

    def probe(self, *sections, flags=()):
        result = self.runtime.exec(self.id, "/probe", *sections, flags=flags).must()
        report.equal(result.stderr, "", "stderr of exec")
        return json.loads(result.stdout)


def host_ids(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return (int(fields["Uid"].split()[0]), int(fields["Gid"].split()[0]),
            [int(group) for group in fields["Groups"].split()])
