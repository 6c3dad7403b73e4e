"""Every option of config.md#linux-mount-options that has a meaning of its own, one test each: the
test fails if that one word is taken out of `options`."""

import os
import re
import shutil
import subprocess

from common import PLACE, bundle, host, look, mount_at, mounts_of, refusal, source
from support import report

INNER = PLACE + "/inner"

# What each option does to a bind of a tree: the options that the source has, and then the words
# that mountinfo must and must not show. The tree's forms have an r before them.
SET = {"ro": "ro", "nosuid": "nosuid", "nodev": "nodev", "noexec": "noexec",
       "nosymfollow": "nosymfollow", "nodiratime": "nodiratime", "noatime": "noatime"}
CLEARED = {"rw": "ro", "suid": "nosuid", "dev": "nodev", "exec": "noexec",
           "symfollow": "nosymfollow", "diratime": "nodiratime"}
# Access times of a source with noatime. `norelatime` and `nostrictatime` choose the kernel's default.
TIMES = {"atime": "relatime", "relatime": "relatime", "norelatime": "relatime",
         "nostrictatime": "relatime", "strictatime": None}
SEEN_TIMES = {"noatime", "relatime"}

PLAIN = "relatime"
DRESSED = "ro,nosuid,nodev,noexec,nosymfollow,nodiratime,noatime"


def tree(t, options):
    """A tmpfs with another inside, both with these options of the mount."""
    where = source(t)
    host(t, f"""mount -t tmpfs -o size=256k outer {where}
mkdir {where}/inner
mount -t tmpfs -o size=128k inner {where}/inner
mount -o remount,bind,{options} {where}/inner
mount -o remount,bind,{options} {where}""")
    return where


def register_tree(suite, name, before, expected):
    """The option acts on the top mount alone, its recursive form on both."""
    def test(t):
        where = tree(t, before)
        made = bundle(t).mount(PLACE, "bind", where, ["rbind", name])
        made.mount("/whole", "bind", where, ["rbind", "r" + name])
        out = look(t, made)
        for point, acted in ((PLACE, True), (INNER, False), ("/whole", True),
                             ("/whole/inner", True)):
            expected(mount_at(out, point).options, acted)
    suite.add(f"{name}_acts_on_the_top_of_a_tree_and_r{name}_on_all_of_it", test)


def shown(word, when_acted):
    def check(options, acted):
        report.equal(word in options, when_acted == acted, f"{word} in {options}")
    return check


def time_shown(word):
    def check(options, acted):
        wanted = ({word} - {None}) if acted else {"noatime"}
        report.equal(SEEN_TIMES & set(options), wanted, f"access times of {options}")
    return check


# Options of a file system's instance: what mountinfo's last field then has or lacks.
INSTANCE = [("sync", [], "sync", True), ("async", ["sync"], "sync", False),
            ("dirsync", [], "dirsync", True), ("lazytime", [], "lazytime", True),
            ("nolazytime", ["lazytime"], "lazytime", False), ("mand", [], "mand", True),
            ("nomand", ["mand"], "mand", False)]

# The two that only a flag of mount(2) can carry: the kernel is asked through its system call.
FLAGS = [("silent", [], "MS_SILENT", True), ("loud", ["silent"], "MS_SILENT", False),
         ("iversion", [], "MS_I_VERSION", True),
         ("noiversion", ["iversion"], "MS_I_VERSION", False)]


def register_instance(suite, name, before, word, present):
    def test(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", [*before, name, "size=64k"])
        mount = mount_at(look(t, made))
        report.contains(mount.super, "size=64k", "the options of the instance")
        report.equal(word in mount.super, present, f"{word} in {mount.super}")
    suite.add(f"{name}_acts_on_the_file_systems_instance", test)


def register_flag(suite, name, before, flag, present):
    def test(t):
        if shutil.which("strace") is None:
            report.skip("strace is missing")
        trace = os.path.join(t.directory, "trace")
        t.runtime.wrapper = ["strace", "-f", "-qq", "-s", "200", "-e", "trace=mount", "-o", trace]
        made = bundle(t).mount(PLACE, "tmpfs", "traced",
                               ["nosuid", *before, name, "size=64k", "noexec"])
        mount = mount_at(look(t, made))
        report.contains(mount.super, "size=64k", "the options of the instance")
        for word in ("nosuid", "noexec"):
            report.contains(mount.options, word, "the mount's options")
        with open(trace, encoding="utf-8") as file:
            calls = [line for line in file if '"traced"' in line and flag in line]
        report.equal(bool(calls), present, f"mount(2) with {flag}: {calls}")
    suite.add(f"{name}_is_the_flag_of_mount_2", test)


# word: (the field of the top mount, of the one inside); None: none. A source that is shared makes
# a mount of the container a slave, unless it is told otherwise.
PROPAGATION = {"private": (None, "master"), "rprivate": (None, None),
               "shared": ("shared", "master"), "rshared": ("shared", "shared"),
               "slave": ("master", "master"), "rslave": ("master", "master"),
               "unbindable": ("unbindable", "master"), "runbindable": ("unbindable", "unbindable")}


def register_propagation(suite, name, top, inner):
    def test(t):
        where = source(t)
        host(t, f"""mount -t tmpfs outer {where}
mkdir {where}/inner
mount -t tmpfs inner {where}/inner
mount --make-rshared {where}""")
        out = look(t, bundle(t).mount(PLACE, "bind", where, ["rbind", name]))
        for point, wanted in ((PLACE, top), (INNER, inner)):
            fields = [field.partition(":")[0] for field in mount_at(out, point).propagation]
            # shared: a mount that was a slave is both.
            if wanted == "shared":
                report.contains(fields, "shared", f"propagation of {point}")
            else:
                report.equal(fields, [wanted] if wanted else [], f"propagation of {point}")
    suite.add(f"{name}_is_the_propagation_of_a_mount", test)


def register_behaviour(suite):
    @suite.test
    def ro_lets_nothing_be_written(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind", "ro"])
        out = look(t, made, f"touch {PLACE}/new || echo refused")
        report.contains(out, "refused", "what touch said")

    @suite.test
    def noexec_lets_no_program_run(t):
        where = source(t)
        shutil.copy("/bin/true", where + "/true")
        made = bundle(t).mount(PLACE, "bind", where, ["bind", "noexec"])
        report.contains(look(t, made, f"{PLACE}/true\necho status $?"), "status 126", "the shell")

    @suite.test
    def nodev_lets_no_device_be_opened(t):
        where = source(t)
        os.mknod(where + "/null", 0o20666, os.makedev(1, 3))
        os.chmod(where + "/null", 0o666)
        made = bundle(t).mount(PLACE, "bind", where, ["bind", "nodev"])
        out = look(t, made, f"(: < {PLACE}/null) 2>&1 || echo refused; (: < /dev/null) && echo ok")
        report.contains(out, "refused", "the device on the mount")
        report.contains(out, "ok", "the device in /dev")

    @suite.test
    def nosymfollow_follows_no_link(t):
        where = source(t)
        os.symlink("file", where + "/link")
        made = bundle(t).mount(PLACE, "bind", where, ["bind", "nosymfollow"])
        out = look(t, made, f"readlink {PLACE}/link; cat {PLACE}/link || echo refused")
        report.contains(out, "file\nrefused", "the link can be read, not followed")

    @suite.test
    def noatime_leaves_access_times_alone(t):
        report.equal(access_time_changes(t, "noatime"), False, "reading changed the access time")

    @suite.test
    def strictatime_changes_access_times_at_each_read(t):
        report.equal(access_time_changes(t, "strictatime"), True, "reading changed the access time")

    @suite.test
    def silent_keeps_a_failing_mount_out_of_the_kernels_log(t):
        device = loop_device(t)
        for options, added in ((["ro"], 1), (["ro", "silent"], 0)):
            made = with_devices(bundle(t, "bundle" + str(added)))
            made.mount(PLACE, "ext4", device, options)
            before = complaints_about(device)
            refusal(t, made, "config.json /mounts/7", f"mount '{PLACE}'")
            report.equal(complaints_about(device) - before, added, "lines of the kernel's log")


def access_time_changes(t, option):
    """Whether a read moves the access time of a file that was read and changed long ago."""
    where = source(t)
    # Later than its last change: relatime would leave it.
    os.utime(where + "/file", (1500000000, 1400000000))
    subprocess.run(["touch", "-a", where + "/file"], check=True)
    os.utime(where + "/file", (os.stat(where + "/file").st_atime - 100, 1400000000))
    before = os.stat(where + "/file").st_atime
    made = bundle(t).mount(PLACE, "bind", where, ["bind", option])
    look(t, made, f"cat {PLACE}/file")
    return os.stat(where + "/file").st_atime != before


def with_devices(made):
    """The bundle, whose cgroup lets it mount a block device."""
    return made.set("/linux/resources/devices", [{"allow": True, "access": "rwm"}])


def loop_device(t):
    """A block device that holds no file system."""
    image = os.path.join(t.directory, "image")
    with open(image, "wb") as file:
        file.truncate(4 << 20)
    done = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True)
    if done.returncode != 0:
        report.skip("no loop device: " + done.stderr.strip())
    device = done.stdout.strip()
    t.on_cleanup(subprocess.run, ["losetup", "--detach", device])
    return device


def complaints_about(device):
    log = subprocess.run(["dmesg"], capture_output=True, text=True, check=True).stdout
    return len(re.findall(rf"\({os.path.basename(device)}\): .*ext4 filesystem", log))


def register_kinds(suite):
    @suite.test
    def bind_takes_the_top_mount_alone(t):
        made = bundle(t).mount(PLACE, "none", tree(t, PLAIN), ["bind"])
        out = look(t, made)
        report.equal(mount_at(out).source, "outer", "what is mounted")
        report.equal([mount for mount in mounts_of(out) if mount.point == INNER], [], "inside")

    @suite.test
    def rbind_takes_the_mounts_inside_too(t):
        made = bundle(t).mount(PLACE, "none", tree(t, PLAIN), ["rbind"])
        report.equal(mount_at(look(t, made), INNER).source, "inner", "what is mounted inside")

    @suite.test
    def remount_changes_the_mount_that_is_there(t):
        made = bundle(t).mount(PLACE, "tmpfs", "first", ["size=64k"])
        made.mount(PLACE, "tmpfs", "second", ["remount", "size=128k", "ro", "sync"])
        out = look(t, made)
        mount = mount_at(out)
        report.equal(len([each for each in mounts_of(out) if each.point == PLACE]), 1, "mounts")
        report.equal(mount.source, "first", "the source")
        for word in ("size=128k", "ro", "sync"):
            report.contains(mount.super, word, "the instance's options")
        report.contains(mount.options, "ro", "the mount's options")

    @suite.test
    def a_remount_of_a_bind_changes_the_mount_and_not_the_instance(t):
        made = bundle(t).mount(PLACE, "tmpfs", "first", ["size=64k"])
        made.mount(PLACE, "none", "none", ["remount", "bind", "ro", "nosuid"])
        mount = mount_at(look(t, made))
        for word in ("ro", "nosuid"):
            report.contains(mount.options, word, "the mount's options")
        report.contains(mount.super, "rw", "the instance's options")

    @suite.test
    def defaults_is_a_word_of_mount_8_and_no_file_systems(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["defaults", "size=64k"])
        mount = mount_at(look(t, made))
        report.contains(mount.super, "size=64k", "the instance's options")
        report.contains(mount.options, "relatime", "the mount's options")

    @suite.test
    def an_unknown_option_goes_to_the_file_system(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["nr_inodes=77", "mode=711"])
        out = look(t, made, f"stat -c 'mode %a' {PLACE}")
        report.contains(mount_at(out).super, "nr_inodes=77", "the instance's options")
        report.contains(out, "mode 711", "the mode")

    @suite.test
    def an_option_without_a_value_goes_to_the_file_system(t):
        release = [int(part) for part in os.uname().release.split(".")[:2]]
        if release < [6, 4]:
            report.skip("tmpfs has no noswap before Linux 6.4", impossible=True)
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["noswap", "size=64k"])
        report.contains(mount_at(look(t, made)).super, "noswap", "the instance's options")

    @suite.test
    def refuses_an_option_that_the_file_system_does_not_know_in_its_words(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["noacl"])
        refusal(t, made, "config.json /mounts/7: mount '/place': tmpfs: Unknown parameter 'noacl'")

    @suite.test
    def acl_is_an_option_of_the_file_systems_that_have_it(t):
        device = loop_device(t)
        subprocess.run(["mkfs.ext4", "-q", device], check=True)
        made = with_devices(bundle(t)).mount(PLACE, "ext4", device, ["acl", "data=journal"])
        mount = mount_at(look(t, made))
        report.equal(mount.type, "ext4", "the type")
        report.contains(mount.super, "data=journal", "the instance's options")

    @suite.test
    def the_last_of_contradicting_options_counts(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["ro", "nosuid", "rw", "suid", "nodev"])
        options = mount_at(look(t, made, f"touch {PLACE}/new && echo written")).options
        for word, present in (("ro", False), ("nosuid", False), ("nodev", True)):
            report.equal(word in options, present, f"{word} in {options}")

    @suite.test
    def the_words_for_the_top_count_more_than_those_for_the_tree(t):
        made = bundle(t).mount(PLACE, "bind", tree(t, PLAIN), ["rbind", "rro", "rw"])
        out = look(t, made)
        report.contains(mount_at(out).options, "rw", "at the top")
        report.contains(mount_at(out, INNER).options, "ro", "inside")

    @suite.test
    def refuses_what_no_descriptor_can_change(t):
        for number, (options, part) in enumerate((
                (["remount", "iversion"], "iversion or noiversion in a remount"),
                (["remount", "nodirsync"], "nodirsync in a remount"))):
            made = bundle(t, f"bundle{number}").mount("/dev", "tmpfs", "tmpfs", options)
            refusal(t, made, "config.json /mounts/7/options: " + part)
        made = bundle(t, "bundle").mount(PLACE, "tmpfs", "tmpfs", ["silent", "tmpcopyup"])
        refusal(t, made, "config.json /mounts/7/options: silent or iversion together with")


def register(suite):
    for name, word in SET.items():
        before = PLAIN if name != "noatime" else "strictatime"
        register_tree(suite, name, before, shown(word, True))
    for name, word in CLEARED.items():
        register_tree(suite, name, DRESSED, shown(word, False))
    for name, word in TIMES.items():
        register_tree(suite, name, DRESSED, time_shown(word))
    for row in INSTANCE:
        register_instance(suite, *row)
    for row in FLAGS:
        register_flag(suite, *row)
    for name, (top, inner) in PROPAGATION.items():
        register_propagation(suite, name, top, inner)
    register_behaviour(suite)
    register_kinds(suite)
