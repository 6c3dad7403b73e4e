"""Where the runtime under test and the peer differ on purpose, each with the clause that decides.

A difference names the cases (fnmatch), the JSON pointer (fnmatch, * crosses slashes) and, where
the pattern is wide, what is right on our side. One that no case shows any more fails the suite, so
the table stays true. config.md, config-linux.md and runtime.md are the OCI runtime specification's.
"""

import fnmatch


class Difference:
    """`pointer` is one or a tuple. A pointer of "" means that the peer cannot run the case at all;
    ours must, and is judged by what the case expects."""

    def __init__(self, cases, pointer, clause, ours=None):
        self.cases = cases
        self.pointers = (pointer,) if isinstance(pointer, str) else pointer
        self.clause = clause
        self.ours = ours
        self.seen = False

    def covers(self, case, pointer, ours):
        if not fnmatch.fnmatchcase(case, self.cases):
            return False
        if not any(fnmatch.fnmatchcase(pointer, pattern) for pattern in self.pointers):
            return False
        return self.ours is None or self.ours == ours


# The mounts over masked paths: the default ones and those of masked_paths_of_ones_own.
MASKS = tuple(
    f"/mounts/~1{path}/{key}" for key in ("type", "source", "options", "super")
    for path in ("proc~1acpi", "proc~1asound", "proc~1kcore", "proc~1keys", "proc~1latency_stats",
                 "proc~1timer_list", "proc~1timer_stats", "proc~1sched_debug", "proc~1scsi",
                 "sys~1firmware", "etc~1passwd", "home"))


# {peer: where it deviates from what the clause says}. With the peer itself as the runtime under
# test, these are the expectations that it is known not to meet.
DEVIATIONS = {
    "runc": [
        Difference("a_poststart_hook", "/ran_by_create*",
                   "runtime.md Lifecycle: poststart hooks are called by start; runc 1.1 runs them "
                   "when create ends"),
        Difference("hooks_in_their_order", "/order*",
                   "config.md Summary of hooks: startContainer before poststart"),
        Difference("a_kill_of_a_container_without_a_pid_namespace_ends_all_of_it", "/left",
                   "config-linux.md Namespaces, callers' contract: SIGKILL without a private pid "
                   "namespace ends the whole cgroup (runc since 1.2)"),
        Difference("a_bundle_without_mounts", "",
                   "config.md Mounts: mounts is OPTIONAL; runc needs the container's /proc"),
        Difference("a_shared_root", "/mounts/~1/propagation*",
                   "config-linux.md Rootfs Mount Propagation: shared: the rootfs mount belongs to "
                   "a new peer group"),
        Difference("an_unbindable_root", "",
                   "config-linux.md Rootfs Mount Propagation: unbindable is a value; runc makes "
                   "the tree unbindable before it binds the rootfs"),
        Difference("a_signal_mask_and_dispositions_that_are_reset", "/signals/blocked*",
                   "signal(7), execve(2): a mask that the caller blocked would be inherited"),
        Difference("an_affinity_that_is_reset", "/scheduling/affinity*",
                   "sched_setaffinity(2): inherited; the container's processors are its cpuset's "
                   "(runc since 1.2)"),
        Difference("the_default_umask", "/ids/umask",
                   "config.md User: an umask that is not given is the calling process's; runc 1.1 "
                   "sets 0022"),
        Difference("an_executed_process", "/scheduling/oom_score_adj",
                   "config.md Linux process: oomScoreAdj is a property of every process; runc "
                   "ignores it in exec"),
        Difference("a_poststart_hook", "/hooks/poststart/state/status",
                   "runtime.md State: running, once the user's process was executed; see above"),
        Difference("*", "/mounts/~1sys~1fs~1cgroup/options",
                   "config.md Mounts: ro; runc leaves the tmpfs that holds the hierarchies "
                   "writable"),
        Difference("an_executed_process_of_a_user", "/ids/umask",
                   "config.md POSIX process: user.umask is a property of every process; runc 1.1 "
                   "ignores it in exec"),
        Difference("seccomp_with_flags", "",
                   "config-linux.md Seccomp: flags; runc 1.1.5 refuses them"),
    ],
}

# {(runtime under test, peer): choices where the clause leaves the runtime free}.
CHOICES = {
    ("nucleus", "runc"): [
        Difference("*", "/mounts/~1sys~1fs~1cgroup~1systemd/source",
                   "proc(5) mountinfo: the source of a file system without a device is a free "
                   "word", "cgroup"),
        Difference("*", MASKS,
                   "config-linux.md Masked Paths: what covers a path is free, as long as nothing "
                   "of it can be read"),
        Difference("a_read_only_tmpfs", "/mounts/~1place/super",
                   "mount(2) MS_RDONLY: read-only in the super block or in the mount: neither can "
                   "be written"),
        Difference("*", "*ociVersion",
                   "runtime.md State: the version that the state complies with"),
        Difference("the_state_with_annotations", "/*/owner",
                   "runtime.md State: further properties are free; this is the name of the owner "
                   "of the state, which runc prints only with cgo's user lookup", "root"),
        Difference("a_*user*namespace", "/devices/~1dev~1mqueue/gid",
                   "mq_overview(7): the root of the file system belongs to its mounter, the "
                   "container's root", 0),
        Difference("a_user_namespace", "/keyring/session_keyring/permissions",
                   "keyctl(2) KEYCTL_SETPERM: the possessor's rights decide in the session"),
        Difference("an_executed_process", "/descriptors/[12]/*",
                   "runtime.md Operations, exec is no part of it: the process has the caller's "
                   "own stdout and stderr, runc copies through pipes"),
        Difference("a_device_allowed_to_be_read",
                   "/cgroup/hierarchies/devices/files/devices.list/c 4:0",
                   "cgroup-v1/devices: c *:* m, in the list on both sides, holds 4:0 m", "r"),
        Difference("an_executed_process_in_a_user_namespace",
                   "/keyring/session_keyring/permissions",
                   "keyrings(7): the owner may search his own session keyring; runc gives this to "
                   "the first process and not to this one", "3f1b0000"),
        Difference("seccomp_with_a_default_errno_of_its_own", "/syscalls/*",
                   "config-linux.md Seccomp: architectures is OPTIONAL, and the machine's own is "
                   "meant without it; runc answers ENOSYS to calls newer than the profile only "
                   "for listed architectures", "ENOSYS"),
        Difference("a_poststop_hook", "/hooks/poststop/process/cwd",
                   "config.md POSIX-platform Hooks names no directory: every hook gets the "
                   "bundle's, in runc all but this one", "DIR/bundle"),
    ],
}


def _entries(kind, peer):
    return DEVIATIONS.get(peer, []) + CHOICES.get((kind, peer), [])


def covered(kind, peer, case, pointer, ours):
    """Whether the table says so; the entry is marked as seen."""
    for entry in _entries(kind, peer):
        if entry.covers(case, pointer, ours):
            entry.seen = True
            return True
    return False


def peer_refuses(peer, case):
    """Whether the peer is known not to be able to run the case at all."""
    return covered(None, peer, case, "", None)


def unseen(kind, peer):
    return [entry for entry in _entries(kind, peer) if not entry.seen]
