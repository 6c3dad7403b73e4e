"""Inside the large machine: runs every test file with every runtime and writes to the second serial
port what the host's `run` reads.

Lines: `FILE RUNTIME TEXT`, where TEXT is a line of the suite's; `time …`; `end`. The plan of the
host stands in plan.json: files with their tests, runtimes, environment.
"""

import json
import os
import pathlib
import subprocess
import sys

kTop = pathlib.Path("/opt/nucleus")
kGuest = kTop / "tests" / "vm" / "large" / "guest"
kRuntimes = {"nucleus": str(kTop / "bin" / "nucleus"), "crun": "/usr/bin/crun",
             "runc": "/usr/sbin/runc"}
kRemoved = pathlib.Path("/run/nucleus-removed")  # support/removal.py writes it


def uptime():
    return float(pathlib.Path("/proc/uptime").read_text(encoding="ascii").split()[0])


def prepare():
    """What the tests take for granted and systemd does not do by itself."""
    subprocess.run(["mkswap", "/dev/vdc"], check=True)
    subprocess.run(["swapon", "/dev/vdc"], check=True)
    subprocess.run(["modprobe", "-a", "overlay", "veth", "dummy"], check=True)


class Session:
    def __init__(self, plan, port):
        self.plan, self.port = plan, port

    def tell(self, text):
        self.port.write(text.encode("utf-8", "replace") + b"\n")

    def run_file(self, file, runtime):
        chosen = [word for name in self.plan["files"][file] for word in ("--test", name)]
        command = [sys.executable, str(kGuest / f"{file}.py"), "--runtime", kRuntimes[runtime],
                   "--times", *chosen]
        kRemoved.unlink(missing_ok=True)
        suite = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, cwd="/",
                                 env=dict(os.environ, **self.plan["environment"]))
        suite.stdin.close()
        last = ""
        for line in suite.stdout:
            last = line.decode("utf-8", "replace").rstrip("\n")
            self.tell(f"{file} {runtime} {last}")
        status = suite.wait()
        if not last.endswith(" skipped"):
            self.tell(f"{file} {runtime} FAIL the_file_runs_to_its_end: status {status}: {last}")
        if kRemoved.exists():
            self.tell(f"{file} {runtime} removed")

    def run(self):
        self.tell(f"time {uptime():.0f} s of guest time until the first test")
        for file in self.plan["files"]:
            for runtime in self.plan["runtimes"]:
                begun = uptime()
                self.run_file(file, runtime)
                self.tell(f"time {uptime() - begun:.0f} s for {file} with {runtime}")
        self.tell(f"time {uptime():.0f} s of guest time until the last")
        self.tell("end")


def main():
    plan = json.loads((kTop / "plan.json").read_text(encoding="utf-8"))
    with open("/dev/ttyS1", "wb", buffering=0) as port:
        subprocess.run(["stty", "-F", "/dev/ttyS1", "raw"], check=True)
        prepare()
        Session(plan, port).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
