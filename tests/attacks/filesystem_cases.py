"""Attacks through the image: links, races and files in the place of what the runtime expects."""

import os
import subprocess

from common import attack, attacker
from support import report
from support.runtime import ConsoleSocket


def _leads_outside(name, target_of, kind):
    """A mount whose target's path has a link out of the root (crun before 0.10.5)."""
    @attack(f"CVE_2019_18837_{name}_stays_in_the_root", shown_on_runc=True)
    def mount_through_link(scene):
        scene.link("/way", target_of(scene))
        source = scene.directory + "/source"
        with open(source, "w", encoding="utf-8") as file:
            file.write("from the bundle\n")
        destination = "/way/new" if kind == "below" else "/way"
        if kind == "file":
            scene.bundle.mount(destination, source=source, options=["bind"])
        else:
            scene.bundle.mount(destination, "tmpfs", "tmpfs", ["mode=755"])
        scene.watch_mounts()
        report.equal(scene.run_shell("true").status, 0, "status of run")
        return scene.damage(scene.changed_outside())


_leads_outside("mount_on_an_absolute_link", lambda scene: scene.outside, "link")
_leads_outside("mount_on_a_relative_link", lambda scene: "../" * 12 + scene.outside[1:], "link")
_leads_outside("mount_below_a_link", lambda scene: scene.outside, "below")
_leads_outside("bind_of_a_file_on_a_dangling_link", lambda scene: scene.outside + "/file", "file")


@attack("a_dangling_link_as_target_of_a_bind_is_followed_inside_the_root")
def dangling_link(scene):
    scene.link("/etc/hosts", scene.outside + "/hosts")
    source = scene.directory + "/hosts"
    with open(source, "w", encoding="utf-8") as file:
        file.write("127.0.0.1 from-the-bundle\n")
    scene.bundle.mount("/etc/hosts", source=source, options=["bind", "ro"])
    result = scene.run_shell("cat /etc/hosts").must()
    report.equal(result.stdout, "127.0.0.1 from-the-bundle\n", "/etc/hosts in the container")
    return scene.damage(scene.changed_outside())


def _dev_is_a_link(with_mount):
    suffix = "with_a_mount_there" if with_mount else "without_a_mount_there"

    @attack(f"CVE_2026_41579_dev_is_a_link_{suffix}", shown_on_runc=True)
    def dev_link(scene):
        with open(scene.outside + "/ptmx", "w", encoding="utf-8") as file:
            file.write("the host's\n")
        if not with_mount:
            scene.without_dev()
        scene.link("/dev", scene.outside)
        scene.watch_mounts()
        scene.run_shell("true")
        gone = "" if os.path.isfile(scene.outside + "/ptmx") else "the host's ptmx was removed"
        return scene.damage(gone, scene.changed_outside(allowed=["ptmx"]))


_dev_is_a_link(True)
_dev_is_a_link(False)


def _kernel_interface_is_a_link(cve, name):
    @attack(f"{cve}_{name}_is_a_link", shown_on_runc=True)
    def interface_link(scene):
        os.mkdir(scene.path("/elsewhere"))
        scene.link("/" + name, "/elsewhere")
        result = scene.run_shell("echo started")
        if result.status == 0:
            return f"the container ran with /{name} elsewhere: masks do not reach it"
        report.contains(result.stderr, "must be mounted on ordinary directory", "stderr")
        return scene.damage()


_kernel_interface_is_a_link("CVE_2023_27561", "proc")
_kernel_interface_is_a_link("CVE_2025_54867", "sys")


@attack("tmpcopyup_copies_links_and_special_files_as_they_are")
def copied_links(scene):
    """The copy is made while the host's files are still in reach."""
    with open(scene.outside + "/secret", "w", encoding="utf-8") as file:
        file.write("the host's secret\n")
    os.mkdir(scene.path("/data"))
    os.symlink(scene.outside + "/secret", scene.path("/data/file"))
    os.symlink(scene.outside, scene.path("/data/directory"))
    os.mkfifo(scene.path("/data/fifo"))
    scene.link("/way", scene.outside)
    for destination in ("/data", "/way"):
        scene.bundle.mount(destination, "tmpfs", "tmpfs", ["tmpcopyup"])
    result = scene.run_shell("cat /data/file /data/directory/secret /way/secret; "
                             "test -p /data/fifo && readlink /data/file && "
                             "readlink /data/directory").must()
    read = "" if "the host's secret" not in result.stdout else "a file of the host was copied"
    report.equal(result.stdout.splitlines()[-2:], [scene.outside + "/secret", scene.outside],
                 "the links in the copy")
    return scene.damage(read, scene.changed_outside(["secret"]))


def _race(scene, target, rounds, prepare):
    """Another container swaps a directory of a shared volume for a link to the outside."""
    volume = scene.directory + "/volume"
    os.makedirs(volume + "/name")
    os.symlink(scene.outside, volume + "/link")
    scene.bundle.mount("/volume", source=volume, options=["rbind"])
    prepare(scene, target)
    scene.watch_mounts()
    scene.bundle.args("true").write()
    command = [attacker(), "swap", volume + "/name", volume + "/link", "30"]
    swapper = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        for _ in range(rounds):
            scene.run()
    finally:
        swapper.kill()
        swapper.communicate()
    return scene.damage(scene.changed_outside())


@attack("CVE_2021_30465_mount_target_swapped_for_a_link", shown_on_runc=True)
def swapped_target(scene):
    def prepare(scene, target):
        for _ in range(10):
            scene.bundle.mount(target, "tmpfs", "tmpfs", ["mode=755"])
    return _race(scene, "/volume/name", 15, prepare)


@attack("CVE_2024_45310_parent_of_mount_targets_swapped_for_a_link", shown_on_runc=True)
def swapped_parent(scene):
    def prepare(scene, target):
        for number in range(10):
            scene.bundle.mount(f"{target}/new{number}/deep", "tmpfs", "tmpfs", ["mode=755"])
    return _race(scene, "/volume/name", 15, prepare)


def _masked(name, make_null):
    @attack(f"CVE_2025_31133_masked_file_stays_masked_if_dev_null_is_{name}", shown_on_runc=True)
    def masked_file(scene):
        scene.without_dev()
        scene.bundle.write_file("/secret", "the secret\n")
        make_null(scene)
        scene.bundle.config["linux"]["maskedPaths"].append("/secret")
        scene.watch_mounts()
        result = scene.run_shell("cat /secret; echo changed >/secret; true")
        seen = "" if "the secret" not in result.stdout else "the masked file was read"
        with open(scene.path("/secret"), encoding="utf-8") as file:
            kept = "" if file.read() == "the secret\n" else "the masked file was written"
        planted = "" if "planted" not in result.stdout else "the mask is the image's own file"
        with open(scene.outside + "/target", encoding="utf-8") as file:
            outside = "" if file.read() == "planted\n" else "a file outside was written"
        return scene.damage(seen, kept, planted, outside, scene.changed_outside(["target"]))


def _plant_outside(scene):
    with open(scene.outside + "/target", "w", encoding="utf-8") as file:
        file.write("planted\n")


def _null_link(scene):
    _plant_outside(scene)
    scene.link("/dev/null", scene.outside + "/target")


def _null_file(scene):
    _plant_outside(scene)
    scene.bundle.write_file("/dev/null", "planted\n")


_masked("a_link", _null_link)
_masked("a_file", _null_file)


def _with_terminal(scene):
    socket = ConsoleSocket(scene.directory + "/console")
    scene.t.on_cleanup(socket.close)
    scene.bundle.set("/process/terminal", True).write()
    return scene.runtime.create(scene.id, scene.bundle, "--console-socket", socket.path)


@attack("CVE_2026_88264_dev_console_is_a_link_and_nothing_is_mounted_on_dev")
def console_link(scene):
    scene.without_dev()
    scene.link("/dev/console", scene.outside + "/console")
    scene.watch_mounts()
    created = _with_terminal(scene)
    made = "" if created.status != 0 else _not_a_terminal(scene)
    return scene.damage(scene.changed_outside(), made)


def _not_a_terminal(scene):
    """What /dev/console is for the created container; only a character device will do."""
    pid = scene.runtime.state(scene.id)["pid"]
    mode = os.lstat(f"/proc/{pid}/root/dev/console").st_mode
    return "" if mode & 0o170000 == 0o020000 else f"/dev/console has mode {mode:o}"


@attack("CVE_2025_52565_dev_pts_of_the_image_has_links_in_the_place_of_terminals")
def pts_links(scene):
    scene.without_dev()
    os.mkdir(scene.path("/dev/pts"))
    with open(scene.outside + "/target", "w", encoding="utf-8") as file:
        file.write("planted\n")
    for name in ["ptmx", *map(str, range(64))]:
        os.symlink(scene.outside + "/target", scene.path(f"/dev/pts/{name}"))
    scene.watch_mounts()
    created = _with_terminal(scene)
    with open(scene.outside + "/target", encoding="utf-8") as file:
        written = "" if file.read() == "planted\n" else "a file outside was written"
    wrong = "" if created.status != 0 else _not_a_terminal(scene)
    return scene.damage(written, wrong, scene.changed_outside(["target"]))


def _fake_proc(name, cover):
    @attack(f"{name}_sysctl_is_not_written_through_it", shown_on_runc=True)
    def fake_proc(scene):
        fake = scene.outside + "/sys/net/ipv4"
        os.makedirs(fake)
        with open(fake + "/ip_default_ttl", "w", encoding="utf-8") as file:
            file.write("planted\n")
        cover(scene)
        scene.bundle.mount("/real", "proc", "proc")
        scene.bundle.set("/linux/sysctl", {"net.ipv4.ip_default_ttl": "77"})
        os.mkdir(scene.path("/real"))
        result = scene.run_shell("cat /real/sys/net/ipv4/ip_default_ttl")
        with open(fake + "/ip_default_ttl", encoding="utf-8") as file:
            text = file.read()
        written = "" if text == "planted\n" else f"the planted file was written: {text!r}"
        lost = ("" if result.status != 0 or result.stdout == "77\n"
                else f"the container ran with {result.stdout!r} in place of its sysctl")
        return scene.damage(written, lost)


_fake_proc("CVE_2025_52881_a_bind_on_proc", lambda scene: scene.bundle.mount(
    "/proc", source=scene.outside, options=["rbind"]))
_fake_proc("CVE_2025_52881_a_bind_on_proc_sys", lambda scene: scene.bundle.mount(
    "/proc/sys", source=scene.outside + "/sys", options=["rbind"]))
_fake_proc("CVE_2019_16884_a_tmpfs_on_proc", lambda scene: scene.bundle.mount(
    "/proc", "tmpfs", "tmpfs", ["mode=755"]))


@attack("a_FIFO_in_the_place_of_etc_passwd_does_not_hold_the_runtime", shown_on_runc=True)
def passwd_fifo(scene):
    os.unlink(scene.path("/etc/passwd"))
    os.mkfifo(scene.path("/etc/passwd"))
    scene.bundle.args("/bin/sh", "-c", "echo ran").write()
    try:
        scene.runtime.run(scene.id, scene.bundle, timeout=3)
    except AssertionError:
        return "run waits for a writer of the FIFO"
    return scene.damage()


@attack("CVE_2023_25809_the_hosts_cgroups_cannot_be_written_without_a_cgroup_namespace")
def cgroup_write(scene):
    scene.bundle.without_namespace("cgroup")
    name = "evil-" + scene.t.unique
    scene.run_shell(f"for d in $(find /sys/fs/cgroup -type d); do mkdir $d/{name}; done; true")
    found = [path for path, names, _ in os.walk("/sys/fs/cgroup") if name in names]
    for path in found:
        os.rmdir(os.path.join(path, name))
    return scene.damage("" if not found else f"made in {found}")


@attack("a_link_in_the_place_of_a_state_directory_is_not_followed")
def state_link(scene):
    os.makedirs(scene.runtime.root)
    kept = scene.outside + "/state.jsonl"
    with open(kept, "w", encoding="utf-8") as file:
        file.write("{}")
    os.symlink(scene.outside, os.path.join(scene.runtime.root, scene.id))
    scene.bundle.write()
    created = scene.runtime.create(scene.id, scene.bundle)
    report.check(created.status != 0, "create used a link as its state directory")
    scene.runtime.delete(scene.id, "--force")
    gone = "" if os.path.exists(kept) else "delete removed a file behind the link"
    os.unlink(os.path.join(scene.runtime.root, scene.id))
    return scene.damage(gone, scene.changed_outside(["state.jsonl"]))


@attack("a_link_in_the_place_of_a_containers_record_is_not_followed")
def record_link(scene):
    scene.run_detached()
    directory = os.path.join(scene.runtime.root, scene.id)
    planted = scene.outside + "/planted"
    with open(planted, "w", encoding="utf-8") as file:
        file.write('{"id": "other"}\n')
    os.mkdir(os.path.join(scene.runtime.root, "planted"))
    os.symlink(planted, os.path.join(scene.runtime.root, "planted", "state.jsonl"))
    state = scene.runtime.call("state", "planted")
    report.check(state.status != 0, f"state read a record through a link\n{state!r}")
    os.unlink(os.path.join(scene.runtime.root, "planted", "state.jsonl"))
    os.rmdir(os.path.join(scene.runtime.root, "planted"))
    report.check(os.path.isdir(directory), "the other container's state is still there")
    scene.delete()
    return scene.damage(scene.changed_outside(["planted"]))
