"""Volumes, tmpfs, read-only roots."""

import os

import observe
from docker_suite import docker, operation
from support.report import check, contains, equal


@operation("run -v")
def volumes_are_read_write_or_read_only_as_asked(t):
    for name in ("rw", "ro"):
        os.mkdir(os.path.join(t.directory, name))
    script = ("echo new > /rw/new; "
              "if echo new 2> /dev/null > /ro/new; then echo written; else echo refused; fi")
    text = docker().shell(["-v", t.directory + "/rw:/rw", "-v", t.directory + "/ro:/ro:ro"],
                          script)
    equal(text, "refused\n", "writing to the ro directory")
    equal((os.listdir(t.directory + "/rw"), os.listdir(t.directory + "/ro")), (["new"], []),
          "the directories on the host")


@operation("run -v", tier="long")
def a_named_volume_outlives_its_container(t):
    volume = t.container_id("volume")
    t.on_cleanup(lambda: docker()("volume", "rm", "-f", volume).must())
    docker().shell(["-v", volume + ":/data"], "echo kept > /data/file")
    equal(docker().shell(["-v", volume + ":/data"], "cat /data/file"), "kept\n", "the file")


@operation("run --mount", tier="long")
def mounts_are_of_the_asked_type_and_options(t):
    os.mkdir(t.directory + "/source")
    text = docker().shell(
        ["--mount", f"type=bind,src={t.directory}/source,dst=/one,readonly",
         "--mount", "type=tmpfs,dst=/two,tmpfs-size=1m,tmpfs-mode=0701"],
        "cat /proc/self/mountinfo; stat -c 'mode %a' /two")
    options, kind, more = observe.mount_line(text, "/two")
    equal((kind, "size=1024k" in more), ("tmpfs", True), f"/two: {options} {more}")
    contains(text, "mode 701\n", "mode of /two")
    contains(observe.mount_line(text, "/one")[0], "ro", "options of /one")


@operation("run --read-only", tier="long")
def read_only_makes_the_root_unwritable_and_spares_volumes(t):
    answer = docker().run(["--read-only", "--tmpfs", "/scratch"], "sh", "-c",
                          "echo x > /scratch/file && echo written; echo x > /file; echo end")
    equal(answer.must().stdout, "written\nend\n", "stdout")
    contains(answer.stderr, "Read-only file system", "the reason")


@operation("run --tmpfs", tier="long")
def tmpfs_and_shm_have_the_asked_options_and_sizes(t):
    text = docker().shell(["--tmpfs", "/scratch:rw,noexec,size=1m,mode=1777", "--shm-size", "2m"],
                          "echo word > /scratch/file; cat /proc/self/mountinfo")
    options, kind, more = observe.mount_line(text, "/scratch")
    equal(kind, "tmpfs", "type of /scratch")
    check("noexec" in options and "nosuid" in options, f"options of /scratch: {options}")
    contains(more, "size=1024k", "its size")
    contains(observe.mount_line(text, "/dev/shm")[2], "size=2048k", "size of /dev/shm")
