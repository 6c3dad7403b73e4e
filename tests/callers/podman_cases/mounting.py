"""Volumes, tmpfs, read-only roots, devices."""

import os

import observe
from podman_suite import operation, podman
from support.report import check, contains, equal


@operation("run -v, --tmpfs")
def volumes_are_read_write_or_read_only_as_asked(t):
    for name in ("rw", "ro"):
        os.mkdir(os.path.join(t.directory, name))
        with open(os.path.join(t.directory, name, "given"), "w", encoding="utf-8") as file:
            file.write(name + " given\n")
    script = ("cat /rw/given /ro/given; echo new > /rw/new; "
              "if echo new > /ro/new; then echo written; else echo refused; fi")
    answer = podman().run(["-v", t.directory + "/rw:/rw", "-v", t.directory + "/ro:/ro:ro"],
                          "sh", "-ec", script).must()
    equal(answer.stdout, "rw given\nro given\nrefused\n", "what the container saw")
    contains(answer.stderr, "Read-only file system", "the reason")
    equal(sorted(os.listdir(t.directory + "/rw")), ["given", "new"], "the rw directory")
    equal(os.listdir(t.directory + "/ro"), ["given"], "the ro directory")


@operation("run -v, --tmpfs")
def one_file_is_mounted_over_one_that_the_image_lacks(t):
    with open(t.directory + "/file", "w", encoding="utf-8") as file:
        file.write("from the host\n")
    text = podman().shell(["-v", t.directory + "/file:/new/place/file:ro"], "cat /new/place/file")
    equal(text, "from the host\n", "the file")


@operation("run -v, --tmpfs")
def tmpfs_and_shm_have_the_asked_options_and_sizes(t):
    text = podman().shell(["--tmpfs", "/scratch:rw,noexec,size=1m", "--shm-size", "2m"],
                          "echo word > /scratch/file; cat /proc/self/mountinfo")
    options, kind, more = observe.mount_line(text, "/scratch")
    equal(kind, "tmpfs", "type of /scratch")
    check("noexec" in options and "nosuid" in options, f"options of /scratch: {options}")
    contains(more, "size=1024k", "options of /scratch")
    contains(observe.mount_line(text, "/dev/shm")[2], "size=2048k", "options of /dev/shm")


@operation("run --read-only")
def read_only_leaves_the_root_unwritable_and_tmp_writable(t):
    script = ("for place in / /etc /tmp /run; do if echo x 2>/dev/null > $place/file; then "
              "echo $place; fi; done; cat /proc/self/mountinfo")
    lines = podman().shell(["--read-only"], script)
    equal([line for line in lines.splitlines() if line.startswith("/")], ["/tmp", "/run"],
          "writable places")
    contains(observe.mount_line(lines, "/")[0], "ro", "options of /")


@operation("run")
def the_usual_container_has_masked_and_read_only_paths_in_proc(t):
    script = ("cat /proc/kcore | wc -c; ls /proc/acpi /sys/firmware | grep -vc :; "
              "if (echo 1 > /proc/sys/kernel/domainname) 2>/dev/null; then echo written; "
              "else echo refused; fi; cat /proc/self/mountinfo")
    answer = podman().run([], "sh", "-c", script).must()
    lines = answer.stdout.splitlines()
    equal((lines[0], lines[2]), ("0", "refused"), "bytes of /proc/kcore, write to /proc/sys")
    contains(observe.mount_line(answer.stdout, "/proc/sys")[0], "ro", "options of /proc/sys")
    contains(observe.mount_line(answer.stdout, "/sys")[0], "ro", "options of /sys")


@operation("run --device")
def devices_are_the_usual_ones_and_those_that_were_given(t):
    os.mknod("/dev/given", 0o020660, os.makedev(1, 5))
    t.on_cleanup(os.unlink, "/dev/given")
    script = ("for name in null zero full random urandom tty given; do "
              "stat -c '%n %F %t %T' /dev/$name; done; head -c 3 /dev/given | wc -c; "
              "readlink /dev/fd; readlink /dev/ptmx")
    lines = podman().shell(["--device", "/dev/given"], script).splitlines()
    numbers = {"null": "1 3", "zero": "1 5", "full": "1 7", "random": "1 8", "urandom": "1 9",
               "tty": "5 0", "given": "1 5"}
    equal(lines[:7], [f"/dev/{name} character special file {number}"
                      for name, number in numbers.items()], "devices")
    equal(lines[7:], ["3", "/proc/self/fd", "pts/ptmx"], "bytes of /dev/given, /dev/fd, /dev/ptmx")


@operation("run --device")
def a_device_opens_only_if_the_rules_allow_it(t):
    for options, wanted in (([], "refused"), (["--device-cgroup-rule", "c 1:11 rwm"], "opened")):
        # podman 5 does not give CAP_MKNOD by itself.
        equal(podman().shell(["--cap-add", "mknod", *options], observe.OPEN_KMSG).strip(), wanted,
              f"opening /dev/kmsg's twin with {options}")
