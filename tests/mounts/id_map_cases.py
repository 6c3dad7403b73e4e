"""Idmapped mounts (config.md#mounts: uidMappings, gidMappings, the options idmap and ridmap)."""

import os
import subprocess

from common import PLACE, bundle, host, look, mount_at, refusal, source
from support import report

OWNERS = f"stat -c 'owner %u %g' {PLACE}/file"
INNER = f"stat -c 'inner %u %g' {PLACE}/inner/file"


def maps(container, host_id, size=1):
    mapping = [{"containerID": container, "hostID": host_id, "size": size}]
    return {"uidMappings": mapping, "gidMappings": [dict(mapping[0])]}


def mapped(t):
    """A bundle with a user namespace, whose root may not make the place in a rootfs of ours."""
    made = bundle(t).user_namespace(host=100000)
    os.mkdir(made.rootfs + PLACE)
    return made


def tree(t):
    """A source with a tmpfs inside it, both with a file of root's."""
    where = source(t)
    host(t, f"mkdir {where}/inner\nmount -t tmpfs -o size=64k inner {where}/inner\n"
            f"echo > {where}/inner/file")
    return where


def register(suite):
    @suite.test
    def an_idmapped_bind_shows_the_ids_of_its_own_mapping(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind", "idmap"], **maps(0, 1000))
        out = look(t, made, OWNERS)
        report.contains(out, "owner 1000 1000\n", "who owns root's file")
        report.contains(mount_at(out).options, "idmapped", "the mount's options")

    @suite.test
    def what_an_idmapped_mount_writes_lands_with_the_file_systems_own_id(t):
        where = source(t)
        os.chown(where, 50, 50)
        made = bundle(t).mount(PLACE, "bind", where, ["bind", "idmap"], **maps(50, 2000, 3))
        made.set("/process/user", {"uid": 2001, "gid": 2002})
        os.chmod(where, 0o777)
        look(t, made, f"touch {PLACE}/new")
        facts = os.stat(where + "/new")
        report.equal((facts.st_uid, facts.st_gid), (51, 52), "owner on the file system")

    @suite.test
    def uids_and_gids_are_mapped_apart_and_range_by_range(t):
        where = source(t)
        os.chown(where + "/file", 11, 21)
        made = bundle(t).mount(
            PLACE, "bind", where, ["bind", "idmap"],
            uidMappings=[{"containerID": 0, "hostID": 100, "size": 10},
                         {"containerID": 10, "hostID": 300, "size": 10}],
            gidMappings=[{"containerID": 20, "hostID": 500, "size": 2}])
        report.contains(look(t, made, OWNERS), "owner 301 501\n", "the owner")

    @suite.test
    def an_id_that_the_mapping_leaves_out_is_nobodys(t):
        where = source(t)
        os.chown(where + "/file", 7, 0)
        made = bundle(t).mount(PLACE, "bind", where, ["bind", "idmap"], **maps(0, 1000))
        report.contains(look(t, made, OWNERS), "owner 65534 1000\n", "the owner")

    @suite.test
    def mappings_count_without_the_option_too(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind"], **maps(0, 1000))
        report.contains(look(t, made, OWNERS), "owner 1000 1000\n", "who owns root's file")

    @suite.test
    def idmap_of_a_recursive_bind_maps_its_top_alone(t):
        made = bundle(t).mount(PLACE, "bind", tree(t), ["rbind", "idmap"], **maps(0, 1000))
        out = look(t, made, OWNERS + "\n" + INNER)
        report.contains(out, "owner 1000 1000\n", "at the top")
        report.contains(out, "inner 0 0\n", "in the mount below")

    @suite.test
    def ridmap_maps_the_whole_tree(t):
        made = bundle(t).mount(PLACE, "bind", tree(t), ["rbind", "ridmap"], **maps(0, 1000))
        out = look(t, made, OWNERS + "\n" + INNER)
        report.contains(out, "owner 1000 1000\n", "at the top")
        report.contains(out, "inner 1000 1000\n", "in the mount below")

    @suite.test
    def idmap_alone_takes_the_mapping_of_the_containers_user_namespace(t):
        made = mapped(t).mount(PLACE, "bind", source(t), ["bind", "idmap"])
        out = look(t, made, OWNERS)
        report.contains(out, "owner 0 0\n", "who owns root's file, seen in the user namespace")
        report.contains(mount_at(out).options, "idmapped", "the mount's options")

    @suite.test
    def ridmap_alone_takes_that_mapping_for_the_whole_tree(t):
        made = mapped(t).mount(PLACE, "bind", tree(t), ["rbind", "ridmap"])
        out = look(t, made, OWNERS + "\n" + INNER)
        report.contains(out, "owner 0 0\n", "at the top")
        report.contains(out, "inner 0 0\n", "in the mount below")

    @suite.test
    def without_idmap_a_user_namespace_sees_roots_files_as_nobodys(t):
        made = mapped(t).mount(PLACE, "bind", source(t), ["bind"])
        report.contains(look(t, made, OWNERS), "owner 65534 65534\n", "who owns root's file")

    @suite.test
    def a_mapping_of_its_own_counts_in_a_user_namespace_too(t):
        made = mapped(t)
        made.mount(PLACE, "bind", source(t), ["bind", "idmap"], **maps(0, 100007))
        report.contains(look(t, made, OWNERS), "owner 7 7\n", "who owns root's file")

    @suite.test
    def root_of_a_user_namespace_owns_what_it_writes_to_an_idmapped_mount(t):
        where = source(t)
        made = mapped(t).mount(PLACE, "bind", where, ["bind", "idmap"])
        look(t, made, f"echo > {PLACE}/new")
        report.equal(os.stat(where + "/new").st_uid, 0, "owner on the file system")

    @suite.test
    def a_new_file_system_can_be_idmapped(t):
        made = bundle(t).mount(PLACE, "tmpfs", "tmpfs", ["size=64k", "mode=755", "idmap"],
                               **maps(0, 1000))
        out = look(t, made, f"stat -c 'owner %u %g' {PLACE}")
        report.contains(out, "owner 1000 1000\n", "who owns its root")
        report.contains(mount_at(out).options, "idmapped", "the mount's options")

    @suite.test
    def an_idmapped_mount_keeps_its_other_options(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind", "idmap", "ro", "nosuid"],
                               **maps(0, 1000))
        options = mount_at(look(t, made)).options
        for word in ("ro", "nosuid", "idmapped"):
            report.contains(options, word, "the mount's options")

    @suite.test
    def a_file_can_be_idmapped(t):
        made = bundle(t).mount(PLACE, "bind", source(t) + "/file", ["bind", "idmap"],
                               **maps(0, 1000))
        report.contains(look(t, made, f"stat -c 'owner %u %g' {PLACE}"), "owner 1000 1000\n",
                        "who owns root's file")

    @suite.test
    def the_form_of_crun_names_a_mapping_in_the_option(t):
        made = bundle(t).mount(PLACE, "bind", source(t),
                               ["bind", "idmap=uids=5-50-5#0-1000-1;gids=0-2000-10"])
        report.contains(look(t, made, OWNERS), "owner 1000 2000\n", "who owns root's file")

    @suite.test
    def the_form_of_crun_can_be_relative_to_the_user_namespace(t):
        made = mapped(t)
        made.mount(PLACE, "bind", source(t), ["bind", "idmap=uids=@0-3-10;gids=@0-4-10"])
        report.contains(look(t, made, OWNERS), "owner 3 4\n", "who owns root's file")

    @suite.test
    def no_process_is_left_of_the_user_namespace_that_a_mapping_needs(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind", "idmap"], **maps(0, 1000))
        made.args("sleep", "100").write()
        before = user_namespaces()
        t.runtime.create(t.container_id(), made).must()
        report.equal(user_namespaces() - before, set(), "user namespaces with a process")

    @suite.test
    def refuses_idmap_without_mappings_and_without_a_user_namespace(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind", "idmap"])
        refusal(t, made, "config.json /mounts/7/options: an idmapped mount needs uidMappings")

    @suite.test
    def refuses_ridmap_without_mappings_and_without_a_user_namespace(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["rbind", "ridmap"])
        refusal(t, made, "config.json /mounts/7/options: an idmapped mount needs uidMappings")

    @suite.test
    def refuses_uid_mappings_without_gid_mappings_and_the_other_way_round(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind", "idmap"], **maps(0, 1000))
        made.remove("/mounts/7/gidMappings")
        refusal(t, made, "config.json /mounts/7/uidMappings", "together with gidMappings")
        made.set("/mounts/7/gidMappings", made.config["mounts"][7].pop("uidMappings"))
        refusal(t, made, "config.json /mounts/7/gidMappings", "together with uidMappings")

    @suite.test
    def refuses_mappings_that_overlap(t):
        made = bundle(t).mount(PLACE, "bind", source(t), ["bind", "idmap"], **maps(0, 1000, 10))
        made.config["mounts"][7]["gidMappings"].append({"containerID": 5, "hostID": 1, "size": 9})
        refusal(t, made, "config.json /mounts/7/gidMappings", "gid mapping 1 overlaps mapping 0")

    @suite.test
    def refuses_a_cgroup_mount_and_a_remount_that_are_idmapped(t):
        made = bundle(t)
        made.change_mount("/sys/fs/cgroup", options=["ro", "idmap"], **maps(0, 1000))
        refusal(t, made, "config.json /mounts/6: a cgroup mount cannot be idmapped")
        made = bundle(t, "second").mount("/dev", "none", "none", ["remount", "idmap"],
                                         **maps(0, 1000))
        refusal(t, made, "config.json /mounts/7: a remount cannot change")

    @suite.test
    def refuses_a_new_file_system_that_is_idmapped_in_a_user_namespace(t):
        made = bundle(t).user_namespace().mount(PLACE, "tmpfs", "tmpfs", ["idmap"])
        refusal(t, made, "config.json /mounts/7/options", "in a user namespace")

    @suite.test
    def a_file_system_without_idmapped_mounts_is_an_error_that_says_so(t):
        made = bundle(t).mount(PLACE, "bind", "/proc", ["bind", "idmap"], **maps(0, 1000))
        refusal(t, made, "/mounts/7", "'/proc'", "has no idmapped mounts")
        made = bundle(t, "second").mount(PLACE, "proc", "proc", ["idmap"], **maps(0, 1000))
        refusal(t, made, "/mounts/7", f"mount '{PLACE}'", "idmapped mounts")

    @suite.test
    def ridmap_fails_where_one_mount_of_the_tree_cannot_be_mapped(t):
        where = source(t)
        host(t, f"mkdir {where}/inner\nmount -t proc proc {where}/inner")
        made = bundle(t).mount(PLACE, "bind", where, ["rbind", "ridmap"], **maps(0, 1000))
        refusal(t, made, "/mounts/7", "has no idmapped mounts")

    @suite.test
    def refuses_a_mapping_in_the_option_that_cannot_be_read(t):
        for option, part in (("idmap=uids=0-1;gids=0-1-1", "is no range like"),
                             ("idmap=uids=0-1-1", "no gid mapping"),
                             ("idmap=users=0-1-1", "'users' is neither uids nor gids"),
                             ("idmap=", "names no mapping"),
                             ("idmap=uids=@0-1-1;gids=0-1-1", "a user namespace")):
            made = bundle(t, "bundle" + str(hash(option))).mount(PLACE, "bind", "/etc",
                                                                 ["bind", option])
            refusal(t, made, "config.json /mounts/7/options", part)


def user_namespaces():
    """The user namespaces that some process of this machine is in."""
    done = subprocess.run(["lsns", "--type", "user", "--noheadings", "--output", "NS"],
                          capture_output=True, text=True, check=True)
    return set(done.stdout.split())
