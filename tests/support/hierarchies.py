"""Which cgroup hierarchies this machine has, and a view of it with cgroup v2 alone."""

import os

from support import report

ROOT = "/sys/fs/cgroup"
UNIFIED = ROOT + "/unified"

# A view of the machine on which cgroup v2 is all there is. It has hugetlb only.
_V2_VIEW = f'mount --bind {UNIFIED} {ROOT} && exec "$@"'


def controller_mounts():
    """controller -> mount point; "" for cgroup v2."""
    found = {}
    with open("/proc/self/mountinfo", encoding="ascii") as lines:
        for line in lines:
            before, _, after = line.partition(" - ")
            place, (kind, _, options) = before.split()[4], after.split()[:3]
            if kind == "cgroup2":
                found.setdefault("", place)
            elif kind == "cgroup":
                for option in options.split(","):
                    found.setdefault(option, place)
    return found


def needs(controller):
    mounts = controller_mounts()
    if controller not in mounts:
        report.skip(f"no {controller or 'unified'} hierarchy here", impossible=True)
    return mounts[controller]


def use_v2_view(t):
    needs("")
    if not os.path.isdir(UNIFIED):
        report.skip(f"no {UNIFIED} to look at alone", impossible=True)
    t.runtime.wrapper = ["unshare", "--mount", "--propagation", "private",
                         "sh", "-c", _V2_VIEW, "sh"]
