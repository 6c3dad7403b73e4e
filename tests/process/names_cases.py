"""Host name, domain name and kernel parameters: of the container's namespaces, never of the
runtime's; and the config that counts is the one at create."""

import os

from common import Box, suite
from support import report
from support.namespaces import hold


@suite.test
def gives_a_host_name_and_a_domain_name(t):
    before = (os.uname().nodename, read("/proc/sys/kernel/domainname"))
    def change(bundle):
        bundle.set("/hostname", "elsewhere").set("/domainname", "example.org")
    found = Box(t, change).observe("system")["system"]
    report.equal((found["hostname"], found["domainname"]), ("elsewhere", "example.org"), "uname")
    report.equal((os.uname().nodename, read("/proc/sys/kernel/domainname")), before, "the host's")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@suite.test
def names_a_joined_uts_namespace(t):
    pid = hold(t, "--uts")
    def change(bundle):
        bundle.namespace("uts", f"/proc/{pid}/ns/uts").set("/hostname", "joined")
    report.equal(Box(t, change).observe("system")["system"]["hostname"], "joined", "host name")


def refuses_the_runtimes(name, kind, proc_name, pointer, change):
    """A path may lead back to the runtime's own namespace, and a host's name would change."""
    def test(t):
        def both(bundle):
            change(bundle.namespace(kind, f"/proc/self/ns/{proc_name}"))
        box = Box(t, both)
        result = box.runtime.create(box.id, box.bundle).must(1)
        report.contains(result.stderr, f"config.json {pointer}: needs a ", "stderr")
        report.contains(result.stderr, "of the container's own; it inherits the runtime's", "stderr")
        box.nothing_left()
    suite.add(name, test)


refuses_the_runtimes("refuses_to_name_the_runtimes_uts_namespace", "uts", "uts", "/hostname",
                     lambda bundle: None)
refuses_the_runtimes("refuses_a_domain_name_in_the_runtimes_uts_namespace", "uts", "uts",
                     "/domainname",
                     lambda bundle: bundle.remove("/hostname").set("/domainname", "example.org"))
refuses_the_runtimes("refuses_a_kernel_parameter_in_the_runtimes_network_namespace", "network",
                     "net", "/linux/sysctl/net.ipv4.ip_forward",
                     lambda bundle: bundle.set("/linux/sysctl", {"net.ipv4.ip_forward": "1"}))


@suite.test
def sets_kernel_parameters_of_the_containers_user_namespace(t):
    name = "user.max_uts_namespaces"
    before = read("/proc/sys/user/max_uts_namespaces")
    def change(bundle):
        bundle.user_namespace().set("/linux/sysctl", {name: "77"})
    box = Box(t, change, args=("cat", "/proc/sys/user/max_uts_namespaces"))
    report.equal(box.runtime.run(box.id, box.bundle).must().stdout, "77\n", "from inside")
    report.equal(read("/proc/sys/user/max_uts_namespaces"), before, "the host's")
    box.nothing_left()


@suite.test
def reads_the_config_at_create_and_never_again(t):
    # runtime.md#lifecycle: "Any updates to config.json after this step MUST NOT affect the
    # container".
    marks = os.path.join(t.directory, "marks")
    def change(bundle):
        bundle.hook("poststop", "/bin/sh", ["sh", "-c", f"echo first >>{marks}"])
        bundle.set("/process/env", ["PATH=/bin", "MARK=first"])
    box = Box(t, change, args=("sh", "-c", "echo $MARK $(hostname); sleep 1000"))
    created = box.runtime.create(box.id, box.bundle).must()
    box.bundle.config["hooks"]["poststop"][0]["args"][2] = f"echo second >>{marks}"
    box.bundle.set("/process/env", ["PATH=/bin", "MARK=second"]).set("/hostname", "second").write()
    box.runtime.start(box.id).must()
    report.eventually(lambda: created.stdout.endswith("\n"), "output")
    report.equal(created.stdout, "first box\n", "after a change between create and start")
    box.bundle.write_text("no config at all")
    report.equal(box.runtime.exec(box.id, "sh", "-c", "echo $MARK").must().stdout, "first\n",
                 "exec after the file was spoilt")
    os.unlink(os.path.join(box.bundle.path, "config.json"))
    report.equal(box.runtime.status(box.id), "running", "status without the file")
    report.equal(box.executed("process", args=["/probe", "process"])["process"]["exe"], "/probe",
                 "exec without the file")
    pid = box.pid()
    box.runtime.delete(box.id, "--force").must()
    os.waitpid(pid, 0)
    report.equal(read(marks), "first\n", "the hook at delete")
    os.unlink(marks)
