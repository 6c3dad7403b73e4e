"""podman cp and commit, diff: what another container or the host sees of it."""

import os

import observe
from podman_caller import IMAGE
from podman_suite import operation, podman
from support.report import check, contains, equal


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


@operation("cp")
def cp_carries_files_into_a_running_container_and_back(t):
    container = podman().start(t, ["--tmpfs", "/scratch"], "sleep", "1000")
    _write(t.directory + "/given", "from the host\n")
    os.mkdir(t.directory + "/tree")
    _write(t.directory + "/tree/leaf", "a leaf\n")
    podman()("cp", t.directory + "/given", container.name + ":/etc/given").must()
    podman()("cp", t.directory + "/tree", container.name + ":/home").must()
    equal(container.exec("cat", "/etc/given", "/home/tree/leaf").stdout,
          "from the host\na leaf\n", "what the container sees")
    # The tmpfs is in the container's mount namespace only.
    podman()("cp", t.directory + "/given", container.name + ":/scratch/given").must()
    equal(container.exec("cat", "/scratch/given").stdout, "from the host\n", "in its tmpfs")
    container.exec("sh", "-c", "echo made inside > /scratch/made")
    podman()("cp", container.name + ":/scratch/made", t.directory + "/made").must()
    with open(t.directory + "/made", encoding="utf-8") as file:
        equal(file.read(), "made inside\n", "what came back")
    equal(observe.cgroup_value(container.pid, "freezer", "freezer.state"), "THAWED", "freezer")


@operation("commit")
def commit_makes_an_image_of_what_a_running_container_wrote(t):
    container = podman().start(t, [], "sleep", "1000")
    container.exec("sh", "-c", "echo word > /written")
    name = "localhost/" + t.container_id("image")
    t.on_cleanup(podman(), "rmi", "--force", name)
    podman()("commit", "--quiet", "--pause", container.name, name).must()
    equal(observe.cgroup_value(container.pid, "freezer", "freezer.state"), "THAWED", "freezer")
    equal(container.exec("echo", "goes on").line, "goes on", "the container afterwards")
    answer = podman()("run", "--rm", *podman().options(), name, "cat", "/written").must()
    equal(answer.stdout, "word\n", "the file, in a container of the new image")
    check("/written" not in podman()("run", "--rm", *podman().options(), IMAGE, "ls", "/").stdout,
          "the first image has the file too")


@operation("diff", tier="long")
def diff_names_what_a_container_changed(t):
    container = podman().start(t, [], "sleep", "1000")
    container.exec("sh", "-c", "echo x > /home/added; rm /etc/plain-text")
    lines = podman()("diff", container.name).must().stdout.splitlines()
    contains(lines, "A /home/added", "the lines")
    contains(lines, "D /etc/plain-text", "the lines")
