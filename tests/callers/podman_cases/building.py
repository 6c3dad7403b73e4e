"""podman build: RUN steps are containers that buildah, inside podman, makes."""

import os

import observe
import sandbox
from podman_caller import IMAGE
from podman_suite import operation, podman
from support.report import check, contains, equal

# podman 5 gives the containers of a build the limits of its own default, which are higher than a
# root without CAP_SYS_RESOURCE may set.
_LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]


def _build(t, text, *options):
    """Builds an image of the document; buildah 1.28 takes --cgroup-parent for the cgroup itself."""
    with open(t.directory + "/Containerfile", "w", encoding="utf-8") as file:
        file.write(f"FROM {IMAGE}\n{text}")
    name = "localhost/" + t.container_id()
    parent = f"/{sandbox.parent_cgroup()}/{t.unique}"
    t.on_cleanup(podman(), "rmi", "--force", "--ignore", name)
    return name, podman()("build", "--isolation", "oci", "--network", "none", *_LIMITS,
                          "--cgroup-parent", parent, *options, "-t", name, t.directory)


@operation("build")
def build_runs_its_commands_in_containers_of_their_own(t):
    # buildah polls `state` and deletes without force.
    name, answer = _build(t, "ENV WORD=built\nRUN echo $WORD > /made; readlink "
                             "/proc/self/ns/pid >> /made; cat /proc/self/cgroup\n")
    contains(answer.must().stdout, f":/{sandbox.parent_cgroup()}/{t.unique}",
             "the cgroup of the RUN step")
    lines = podman()("run", "--rm", *podman().options(), name, "cat", "/made").must()
    word, namespace = lines.stdout.split()
    equal(word, "built", "what the RUN step wrote")
    check(namespace != observe.namespace("self", "pid"), "the RUN step was in our pid namespace")
    observe.check_gone(t.unique)


@operation("build", tier="long")
def a_run_step_has_the_user_directory_capabilities_and_mounts_that_were_asked_for(t):
    os.mkdir(t.directory + "/given")
    with open(t.directory + "/given/file", "w", encoding="utf-8") as file:
        file.write("from the host\n")
    name, answer = _build(
        t, "WORKDIR /home\nRUN cp /given/file here && grep CapBnd /proc/self/status\n"
           "USER 1000:1001\nRUN id -u; id -g; pwd; echo end\n",
        "--cap-drop", "all", "--cap-add", "chown", "-v", t.directory + "/given:/given:ro")
    lines = answer.must().stdout.splitlines()
    contains(lines, "CapBnd:\t0000000000000001", "the bounding set: CAP_CHOWN alone")
    end = lines.index("end")
    equal(lines[end - 3:end], ["1000", "1001", "/home"], "uid, gid, directory")
    text = podman()("run", "--rm", *podman().options(), name, "cat", "/home/here").must().stdout
    equal(text, "from the host\n", "the file that the step copied")
    observe.check_gone(t.unique)


@operation("build", tier="long")
def a_run_step_that_fails_ends_the_build_with_its_status(t):
    name, answer = _build(t, "RUN echo words; exit 7\nRUN touch /later\n")
    check(answer.status != 0, f"the build succeeded: {answer!r}")
    contains(answer.stdout, "words", "what the step wrote")
    contains(answer.stderr, "exit status 7", "the message")
    check(podman()("image", "exists", name).status != 0, "there is an image")
    observe.check_gone(t.unique)
