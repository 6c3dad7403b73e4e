"""The root, the order and the places of mounts, tmpcopyup, the root's propagation, masked and
read-only paths."""

import os
import subprocess

from common import PLACE, bundle, host, look, mount_at, mounts_of, refusal, source
from support import report


def register_places(suite):
    @suite.test
    def a_relative_destination_starts_at_the_root(t):
        made = bundle(t).mount("place/inside", "tmpfs", "tmpfs", ["size=64k"]).set("/process/cwd",
                                                                                   "/tmp")
        report.equal(mount_at(look(t, made), PLACE + "/inside").type, "tmpfs", "what is there")

    @suite.test
    def a_destination_that_leaves_the_root_stays_inside_it(t):
        made = bundle(t).mount("/../../place/./x/..", "tmpfs", "tmpfs", ["size=64k"])
        os.makedirs(made.rootfs + PLACE + "/x")
        report.equal(mount_at(look(t, made)).type, "tmpfs", "what is there")

    @suite.test
    def a_destination_behind_a_link_out_of_the_root_stays_inside_it(t):
        outside = source(t, "outside")
        made = bundle(t).mount("/link/new", "bind", source(t), ["bind"])
        os.symlink("../../../../../.." + outside, made.rootfs + "/link")
        out = look(t, made)
        report.equal(mount_at(out, outside + "/new").root[-len("/source"):], "/source", "the mount")
        report.equal(os.listdir(outside), ["file"], "the directory of the host")

    @suite.test
    def a_bind_source_may_be_relative_to_the_bundle(t):
        made = bundle(t).mount(PLACE, "bind", "data", ["bind"])
        os.mkdir(os.path.join(made.path, "data"))
        open(os.path.join(made.path, "data", "mark"), "w", encoding="utf-8").close()
        report.contains(look(t, made, f"ls {PLACE}"), "mark\n", "the directory")

    @suite.test
    def a_file_is_bound_over_a_target_that_was_missing(t):
        made = bundle(t).mount("/new/deep/name", "bind", source(t) + "/file", ["bind"])
        report.contains(look(t, made, "cat /new/deep/name"), "content\n", "the file")

    @suite.test
    def mounts_come_in_the_order_of_the_list(t):
        made = bundle(t).mount(PLACE + "/below", "tmpfs", "hidden", ["size=64k"])
        made.mount(PLACE, "tmpfs", "over", ["size=64k"])
        made.mount(PLACE + "/below", "tmpfs", "shown", ["size=64k"])
        out = look(t, made, f"touch {PLACE}/below/new; umount {PLACE}/below 2>&1; ls {PLACE}")
        report.equal([mount.source for mount in mounts_of(out) if mount.point.startswith(PLACE)],
                     ["hidden", "over", "shown"], "the mounts in their order")
        report.equal(mount_at(out, PLACE + "/below").source, "shown", "the last one is on top")

    @suite.test
    def a_mount_sees_what_an_earlier_one_mounted(t):
        where = source(t)
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["size=64k"])
        made.mount(PLACE + "/inside", "bind", where, ["bind"])
        report.contains(look(t, made, f"cat {PLACE}/inside/file"), "content", "the file")
        report.equal(os.path.exists(made.rootfs + PLACE + "/inside"), False, "on the rootfs itself")

    @suite.test
    def a_read_only_root_takes_no_file(t):
        made = bundle(t).set("/root/readonly", True)
        out = look(t, made, "touch /new || echo refused")
        report.contains(out, "refused", "what touch said")
        report.contains(mount_at(out, "/").options, "ro", "the root's options")

    @suite.test
    def a_read_only_tmpfs_is_filled_with_mount_points_nodes_and_links_first(t):
        # podman 5 has its infra containers so: /dev read-only, /dev/pts in it.
        made = bundle(t).change_mount("/dev", options=["nosuid", "mode=755", "size=64k", "ro"])
        made.mount(PLACE, "tmpfs", "tmpfs", ["ro"])
        made.mount(PLACE + "/inner", "tmpfs", "tmpfs", ["size=64k"])
        out = look(t, made, f"touch /dev/x || echo refused; touch {PLACE}/x || echo refused; "
                            f"touch {PLACE}/inner/x && test -c /dev/null && test -d /dev/pts && "
                            "test -e /dev/stdin && echo whole")
        report.contains(out, "refused\nrefused\nwhole\n", "what was written and found")
        for place in ("/dev", PLACE):
            mount = mount_at(out, place)
            report.contains(mount.options, "ro", f"the options of {place}")
            report.contains(mount.super, "ro", f"the instance's options of {place}")
        report.contains(mount_at(out, PLACE + "/inner").options, "rw", "the options below")

    @suite.test
    def refuses_a_mount_on_the_root_itself(t):
        for number, destination in enumerate(("/", "/.", "x/..", "..", "//")):
            made = bundle(t, f"bundle{number}").mount(destination, "tmpfs", "tmpfs")
            refusal(t, made, "config.json /mounts/7/destination: is the root itself")

    @suite.test
    def refuses_a_mount_without_a_type_or_a_bind(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["ro"]).change_mount(PLACE, type=None)
        refusal(t, made, "config.json /mounts/7/type: is required")

    @suite.test
    def refuses_a_bind_whose_source_is_not_said_or_not_there(t):
        made = bundle(t).mount(PLACE, "bind", "x", ["bind"]).change_mount(PLACE, source=None)
        refusal(t, made, "config.json /mounts/7/source: is required for a bind mount")
        made = bundle(t, "second").mount(PLACE, "bind", "/no/such/place", ["bind"])
        refusal(t, made, "config.json /mounts/7: bind mount '/place'", "/no/such/place",
                "no such file")

    @suite.test
    def refuses_a_type_that_the_kernel_does_not_have(t):
        made = bundle(t).mount(PLACE, "nosuchfs", "none")
        refusal(t, made, "config.json /mounts/7: mount '/place': nosuchfs")

    @suite.test
    def refuses_mounts_in_a_mount_namespace_that_is_not_the_containers_own(t):
        made = bundle(t).without_namespace("mount")
        made.config["linux"].pop("maskedPaths")
        made.config["linux"].pop("readonlyPaths")
        refusal(t, made, "config.json /mounts: needs a mount namespace of the container's own")


def register_copy_up(suite):
    def rootfs_with_content(t, options, **more):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["size=1m", *options], **more)
        top = made.rootfs + PLACE
        os.makedirs(top + "/directory/deep")
        os.chmod(top, 0o751)
        with open(top + "/directory/file", "w", encoding="utf-8") as file:
            file.write("below\n")
        os.chown(top + "/directory/file", 12, 34)
        os.chmod(top + "/directory/file", 0o4754)
        os.symlink("/nowhere", top + "/link")
        os.mkfifo(top + "/fifo")
        return made

    @suite.test
    def tmpcopyup_fills_a_tmpfs_with_what_it_covers(t):
        made = rootfs_with_content(t, ["tmpcopyup"])
        out = look(t, made, f"cd {PLACE}; cat directory/file; readlink link; "
                            f"stat -c '%n %a %u %g' . directory/file; "
                            f"test -p fifo && test -d directory/deep && echo whole; "
                            f"rm directory/file")
        report.equal(mount_at(out).type, "tmpfs", "what is mounted")
        report.contains(out, "below\n/nowhere\n. 751 0 0\ndirectory/file 4754 12 34\nwhole\n",
                        "the copy")
        with open(made.rootfs + PLACE + "/directory/file", encoding="utf-8") as file:
            report.equal(file.read(), "below\n", "the file below")

    @suite.test
    def without_tmpcopyup_a_tmpfs_is_empty(t):
        out = look(t, rootfs_with_content(t, []), f"ls {PLACE}; echo end")
        report.check(out.endswith("\nend\n") and "directory" not in out.splitlines(), out)

    @suite.test
    def tmpcopyup_fills_a_read_only_tmpfs_too(t):
        made = rootfs_with_content(t, ["tmpcopyup", "ro"])
        out = look(t, made, f"cat {PLACE}/directory/file; touch {PLACE}/new || echo refused")
        report.contains(out, "below\nrefused\n", "the copy")
        mount = mount_at(out)
        report.contains(mount.options, "ro", "the mount's options")
        report.contains(mount.super, "ro", "the instance's options")

    @suite.test
    def tmpcopyup_on_a_target_that_was_missing_copies_nothing(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["size=64k", "tmpcopyup"])
        out = look(t, made, f"ls -a {PLACE}")
        report.equal(mount_at(out).type, "tmpfs", "what is mounted")
        report.contains(out, ".\n..\n", "the directory")

    @suite.test
    def tmpcopyup_takes_what_earlier_mounts_put_there(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind", "ro"])
        made.mount(PLACE, "tmpfs", "tmpfs", ["size=64k", "tmpcopyup"])
        report.contains(look(t, made, f"cat {PLACE}/file; echo > {PLACE}/file && echo written"),
                        "content\nwritten\n", "the copy")

    @suite.test
    def tmpcopyup_keeps_a_mode_that_the_options_name(t):
        made = rootfs_with_content(t, ["tmpcopyup", "mode=700"])
        report.contains(look(t, made, f"stat -c 'mode %a' {PLACE}"), "mode 700\n", "the mode")

    @suite.test
    def a_copy_that_does_not_fit_is_an_error_that_leaves_nothing(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["size=8k", "tmpcopyup"])
        os.makedirs(made.rootfs + PLACE)
        with open(made.rootfs + PLACE + "/large", "wb") as file:
            file.write(b"x" * 100000)
        refusal(t, made, "config.json /mounts/7: mount '/place'", "no space left on device")

    @suite.test
    def refuses_tmpcopyup_of_anything_but_a_tmpfs(t):
        for number, (kind, options) in enumerate((("bind", ["bind"]), ("ramfs", []),
                                                  ("tmpfs", ["bind"]), ("tmpfs", ["remount"]))):
            made = bundle(t, f"bundle{number}").mount(PLACE, kind, "/etc", [*options, "tmpcopyup"])
            refusal(t, made, "config.json /mounts/7/options: tmpcopyup is for")


def register_root_propagation(suite):
    def running(t, word):
        """A container whose rootfs lies on a shared mount of the host's; its own mountinfo after
        something was mounted below that on the host."""
        made = bundle(t)
        host(t, f"mount --bind {made.path} {made.path}\nmount --make-shared {made.path}")
        if word:
            made.set("/linux/rootfsPropagation", word)
        os.mkdir(made.rootfs + "/later")
        made.args("sleep", "100").write()
        wrapper = t.runtime.wrapper
        t.runtime.create(t.container_id(), made).must()
        # While there is a mount namespace to be reached through.
        t.on_cleanup(lambda: t.runtime.delete(t.container_id(), "--force"))
        t.runtime.start(t.container_id()).must()
        subprocess.run([*wrapper, "mount", "-t", "tmpfs", "later", made.rootfs + "/later"],
                       check=True)
        return t.runtime.exec(t.container_id(), "cat", "/proc/self/mountinfo").must().stdout

    def root_fields(out):
        return [field.partition(":")[0] for field in mount_at(out, "/").propagation]

    def later(out):
        return [mount.point for mount in mounts_of(out) if mount.point == "/later"]

    @suite.test
    def a_slave_root_receives_the_hosts_later_mounts(t):
        out = running(t, "slave")
        report.equal(root_fields(out), ["master"], "the root's propagation")
        report.equal(later(out), ["/later"], "what the host mounted afterwards")

    @suite.test
    def a_private_root_receives_none(t):
        out = running(t, "private")
        report.equal(root_fields(out), [], "the root's propagation")
        report.equal(later(out), [], "what the host mounted afterwards")

    @suite.test
    def an_unbindable_root_receives_none_and_cannot_be_bound(t):
        out = running(t, "unbindable")
        report.equal(root_fields(out), ["unbindable"], "the root's propagation")
        report.equal(later(out), [], "what the host mounted afterwards")

    @suite.test
    def a_shared_root_is_of_a_peer_group(t):
        report.contains(root_fields(running(t, "shared")), "shared", "the root's propagation")

    @suite.test
    def refuses_a_propagation_of_the_root_that_nobody_knows(t):
        made = bundle(t).set("/linux/rootfsPropagation", "both")
        refusal(t, made, "config.json /linux/rootfsPropagation: unknown propagation 'both'")


def register_hiding(suite):
    def with_files(t):
        made = bundle(t)
        made.write_file("/secret", "secret\n")
        made.write_file("/secrets/one", "secret\n")
        os.symlink("/secrets", made.rootfs + "/link")
        os.symlink("../../../../secret", made.rootfs + "/home/link")
        return made

    @suite.test
    def a_masked_file_is_empty_and_cannot_be_read_otherwise(t):
        made = with_files(t).set("/linux/maskedPaths", ["/secret"])
        out = look(t, made, "cat /secret | wc -c; echo > /secret; stat -c '%t %T' /secret")
        report.contains(out, "0\n1 3\n", "the file is the null device")

    @suite.test
    def a_masked_directory_is_empty_and_read_only(t):
        made = with_files(t).set("/linux/maskedPaths", ["/secrets", "/home"])
        out = look(t, made, "ls /secrets; touch /secrets/new || echo refused")
        report.check("one" not in out.splitlines(), out)
        report.contains(out, "refused", "what touch said")
        report.contains(mount_at(out, "/secrets").options, "ro", "its options")

    @suite.test
    def a_masked_link_masks_what_it_names(t):
        made = with_files(t).set("/linux/maskedPaths", ["/link", "/home/link"])
        out = look(t, made, "ls /secrets; cat /secret | wc -c; readlink /link")
        report.check("one" not in out.splitlines(), out)
        report.contains(out, "0\n/secrets\n", "the file behind the other link")

    @suite.test
    def a_masked_path_that_is_missing_stays_missing(t):
        made = with_files(t).set("/linux/maskedPaths", ["/missing/x", "/secret/x", "/secret"])
        out = look(t, made, "ls -d /missing || echo missing; cat /secret | wc -c")
        report.contains(out, "missing\n0\n", "what is there")

    @suite.test
    def a_read_only_file_and_a_read_only_directory_can_be_read_and_not_changed(t):
        made = with_files(t).set("/linux/readonlyPaths", ["/secret", "/secrets"])
        out = look(t, made, "cat /secret /secrets/one; echo x > /secret || echo refused; "
                            "touch /secrets/new || echo refused; touch /elsewhere && echo free")
        report.contains(out, "secret\nsecret\nrefused\nrefused\nfree\n", "what can be done")

    @suite.test
    def a_read_only_path_is_so_with_the_mounts_below_it(t):
        made = with_files(t).mount("/secrets/below", "tmpfs", "tmpfs", ["size=64k"])
        made.set("/linux/readonlyPaths", ["/secrets"])
        out = look(t, made, "touch /secrets/below/new || echo refused")
        report.contains(out, "refused", "what touch said")

    @suite.test
    def a_read_only_link_protects_what_it_names(t):
        made = with_files(t).set("/linux/readonlyPaths", ["/link", "/missing"])
        out = look(t, made, "touch /secrets/new || echo refused; ls -d /missing || echo missing")
        report.contains(out, "refused\nmissing\n", "what can be done")

    @suite.test
    def refuses_masked_and_read_only_paths_that_are_not_absolute(t):
        made = bundle(t).set("/linux/maskedPaths", ["/proc/kcore", "proc/keys"])
        refusal(t, made, "config.json /linux/maskedPaths/1: must be an absolute path")
        made = bundle(t, "second").set("/linux/readonlyPaths", ["../x"])
        refusal(t, made, "config.json /linux/readonlyPaths/0: must be an absolute path")


def register(suite):
    register_places(suite)
    register_copy_up(suite)
    register_root_propagation(suite)
    register_hiding(suite)
