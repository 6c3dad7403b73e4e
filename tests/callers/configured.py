"""The programs that share containers.conf(5) and containers-storage.conf(5), podman and buildah: all
that one of them writes is below one directory."""

import json
import os

_CONTAINERS_CONF = """[containers]
# The defaults raise limits, which needs CAP_SYS_RESOURCE.
default_ulimits = []
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
events_logfile_path = "{directory}/events"
runtime_supports_json = [{json_runtimes}]
# What podman 4.3 and 5.4 read; its manual has the second.
runtime_supports_nocgroup = [{nocgroups_runtimes}]
runtime_supports_nocgroups = [{nocgroups_runtimes}]
[engine.runtimes]
under-test = ["{runtime}"]
"""
_STORAGE_CONF = """[storage]
driver = "overlay"
graphroot = "{directory}/storage"
runroot = "{directory}/runroot"
"""


class Configured:
    """Its configuration, and the environment that names it."""

    def __init__(self, runtime, directory):
        self.runtime, self.directory = runtime, directory
        os.mkdir(directory, 0o755)
        name = json.dumps(os.path.basename(runtime))
        self.write("storage.conf", _STORAGE_CONF.format(directory=directory))
        for kind, json_runtimes, nocgroups_runtimes in (("text", "", ""), ("json", name, ""),
                                                        ("without-cgroups", "", name)):
            self.write(kind + ".conf", _CONTAINERS_CONF.format(
                directory=directory, json_runtimes=json_runtimes,
                nocgroups_runtimes=nocgroups_runtimes, runtime=runtime))
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": directory, "TERM": "xterm", "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
            "CONTAINERS_STORAGE_CONF": directory + "/storage.conf",
            "CONTAINERS_CONF": directory + "/text.conf"}

    def environment_with(self, kind):
        """With the configuration of this kind: text, json or without-cgroups."""
        return {**self.environment, "CONTAINERS_CONF": f"{self.directory}/{kind}.conf"}

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)
