"""docker build and commit: containers that make images."""

import shutil

import observe
from docker_suite import docker, operation
from support.report import equal, skip

_DOCKERFILE = """FROM scratch
ADD rootfs.tar /
ENV PATH=/bin WORD=given
WORKDIR /work
RUN echo "$WORD $(id -u) $(hostname | wc -c)" > made && test ! -e /sys/class/net/eth0
USER 1000
RUN id -u > /tmp/user; ! (echo x > /refused) 2> /dev/null
CMD ["cat", "/work/made", "/tmp/user"]
"""


def _context(t):
    shutil.copy(docker().tarball, t.directory + "/rootfs.tar")
    with open(t.directory + "/Dockerfile", "w", encoding="utf-8") as file:
        file.write(_DOCKERFILE)
    return t.directory


def _build(t, **environment):
    tag = "localhost/" + t.container_id()
    t.on_cleanup(lambda: docker()("rmi", "-f", tag).must())
    built = docker()("build", "--network", "none", "--tag", tag, _context(t),
                     environment=environment).must()
    answer = docker()("run", "--rm", "--network", "none", tag).must()
    lines = answer.stdout.splitlines()
    equal(lines[0].split()[:2], ["given", "0"], "what the first RUN wrote")
    equal(lines[1], "1000", "what the second RUN wrote, as another user")
    equal(docker().containers(), [], f"containers of the build are left: {built!r}")


@operation("build", tier="long")
def build_runs_its_steps_in_containers_and_leaves_none(t):
    _build(t)


@operation("build by BuildKit", tier="long")
def build_by_buildkit_runs_its_steps_in_containers_and_leaves_none(t):
    """BuildKit, within dockerd, runs the steps by itself: `run --bundle B ID`."""
    if docker().release > 20:
        skip("this docker needs a plugin (buildx) to build by BuildKit", impossible=True)
    _build(t, DOCKER_BUILDKIT="1")
    docker()("builder", "prune", "-a", "-f").must()
    left = [line for line in observe.processes() if "dockerd" not in line and "containerd" not in
            line]
    equal(left, [], "processes of the build")


@operation("commit", tier="long")
def commit_keeps_what_a_running_container_wrote(t):
    container = docker().start(t, [], "sh", "-c", "echo kept > /kept; exec sleep 1000")
    container.exec("sh", "-c", "until test -e /kept; do usleep 10000; done")
    tag = "localhost/" + t.container_id()
    t.on_cleanup(lambda: docker()("rmi", "-f", tag).must())
    docker()("commit", container.name, tag).must()
    answer = docker()("run", "--rm", "--network", "none", tag, "cat", "/kept").must()
    equal(answer.stdout, "kept\n", "the file in the image")
