"""podman play kube: a pod from a Kubernetes document."""

import json
import os

import observe
import sandbox
from podman_caller import IMAGE
from podman_suite import operation, podman
from support import report
from support.report import contains, equal, eventually


_LIBPOD_PARENT = "/libpod_parent"


def _document(name):
    first = {"name": "first", "image": IMAGE + ":latest", "imagePullPolicy": "Never",
             "command": ["sh", "-c", "echo $WORD; exec sleep 1000"],
             "env": [{"name": "WORD", "value": "in the pod"}],
             "resources": {"limits": {"memory": "64Mi"}},
             "securityContext": {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
                                 "readOnlyRootFilesystem": True}}
    second = {"name": "second", "image": IMAGE + ":latest", "imagePullPolicy": "Never",
              "command": ["sleep", "1001"], "securityContext": {"runAsUser": 1000}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"hostname": "pod-host", "terminationGracePeriodSeconds": 0,
                     "containers": [first, second]}}


def _remove_pod_cgroups(pods):
    """play kube takes no --cgroup-parent: its pods are in podman's usual one, and podman leaves
    their directories in the hierarchies that it does not manage. They have to be empty."""
    for top in sandbox.hierarchies():
        for pod in pods:
            if os.path.isdir(f"{top}{_LIBPOD_PARENT}/{pod}"):
                os.rmdir(f"{top}{_LIBPOD_PARENT}/{pod}")


def _inspect(name, template):
    return podman()("inspect", "--type", "container", "--format", template, name).must().line


@operation("play kube", tier="long")
def play_kube_makes_a_pod_as_the_document_says_and_takes_it_down(t):
    if not os.path.exists("/usr/libexec/podman/catatonit"):
        report.skip("catatonit is not installed: podman makes the infra container's image of it")
    name = t.container_id("pod")
    path = t.directory + "/pod.yaml"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(_document(name), file)  # JSON is YAML too
    pods = podman().ids_so_far("pod")
    t.on_cleanup(lambda: _remove_pod_cgroups(podman().ids_so_far("pod") - pods))
    t.on_cleanup(podman(), "pod", "rm", "-f", "-t", "0", "--ignore", name)
    podman()("play", "kube", "--network", "none", path).must()
    names = [f"{name}-first", f"{name}-second"]
    pids = [int(_inspect(one, "{{.State.Pid}}")) for one in names]
    identities = [_inspect(one, "{{.Id}}") for one in names]
    for kind in ("net", "ipc", "uts"):
        equal(observe.namespace(pids[0], kind), observe.namespace(pids[1], kind), kind)
    eventually(lambda: podman()("logs", names[0]).stdout == "in the pod\n", "the variable's value")
    equal(observe.cgroup_value(pids[0], "memory", "memory.limit_in_bytes"), str(64 << 20), "limit")
    equal(int(observe.status(pids[0])["CapBnd"], 16), 1 << 0, "CapBnd: CAP_CHOWN alone")
    equal(observe.status(pids[1])["Uid"].split()[0], "1000", "uid of the second")
    text = podman()("exec", names[0], "sh", "-c", "hostname; cat /proc/self/mountinfo").must()
    equal(text.stdout.splitlines()[0], "pod-host", "host name")
    contains(observe.mount_line(text.stdout, "/")[0], "ro", "options of /")
    podman()("play", "kube", "--down", path).must()
    for pid in pids:
        eventually(lambda: not observe.alive(pid), f"process {pid} ends")
    for identity in identities:
        observe.check_gone(identity)
