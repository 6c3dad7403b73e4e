"""podman healthcheck: an exec that podman makes by itself."""

import observe
from podman_suite import operation, podman
from support.report import check, contains, equal


@operation("healthcheck")
def healthcheck_runs_its_command_in_the_container(t):
    command = "cat /proc/self/cgroup > /checked; readlink /proc/self/ns/pid >> /checked; " \
              "test -e /healthy"
    container = podman().start(t, ["--health-cmd", command, "--health-interval", "disable",
                                   "--health-retries", "1"], "sleep", "1000")
    answer = podman()("healthcheck", "run", container.name)
    check(answer.status != 0, f"it is healthy without /healthy: {answer!r}")
    lines = observe.cgroup_lines(container.exec("cat", "/checked").stdout)
    equal(lines[-1], observe.namespace(container.pid, "pid"), "pid namespace of the check")
    for line in lines[:-1]:
        contains(line, "libpod-" + container.identity, "cgroup of the check")
    equal(container.inspect("{{.State.Health.Status}}"), "unhealthy", "status")
    container.exec("touch", "/healthy")
    podman()("healthcheck", "run", container.name).must()
    equal(container.inspect("{{.State.Health.Status}}"), "healthy", "status")
