"""The settings file, which only nucleus has: an unknown key or a wrong type is an error with file
and line, and a file that others may write is none that root may trust."""

import os

from common import check_words, ours, suite
from support import report


def refuses_settings(name, text, *fragments, mode=0o644, owner=0):
    def test(t):
        if not ours(t):
            report.skip("the peers have no settings file", impossible=True)
        path = os.path.join(t.directory, "nucleus.yaml")
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, mode)
            os.chown(path, owner, 0)
        log = os.path.join(t.directory, "log.json")
        t.runtime.global_arguments = ["--settings", path, "--log", log, "--log-format", "json"]
        result = t.runtime.call("list").must(1)
        check_words(result, log, [part.replace("FILE", path) for part in fragments])
    suite.add(f"refuses_settings_{name}", test)


refuses_settings("with_an_unknown_key", "log_level: error\nbogus: 1\n", "FILE:2", "bogus")
refuses_settings("with_a_wrong_type", "root:\n  - a\n", "FILE:2")
refuses_settings("with_a_wrong_value", "\ncgroup_manager: best\n", "FILE:2", "cgroupfs")
refuses_settings("with_a_key_twice", "log_level: error\nlog_level: debug\n", "FILE:2")
refuses_settings("that_are_no_map", "- a\n", "FILE:1")
refuses_settings("that_are_no_yaml", "root: [\n", "FILE:")
refuses_settings("that_others_may_write", "log_level: error\n", "FILE", "written by others", mode=0o666)
refuses_settings("that_the_group_may_write", "log_level: error\n", "FILE", "written by others",
                 mode=0o664)
refuses_settings("that_another_user_owns", "log_level: error\n", "FILE", "written by others", owner=1000)
refuses_settings("that_were_named_and_are_not_there", None, "FILE", "no such file")


@suite.test
def accepts_good_settings(t):
    if not ours(t):
        report.skip("the peers have no settings file", impossible=True)
    path = os.path.join(t.directory, "nucleus.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("# none of these is the default\ncgroup_manager: cgroupfs\nlog_level: debug\n")
    os.chmod(path, 0o644)
    t.runtime.global_arguments = ["--settings", path]
    os.mkdir(t.runtime.root)
    result = t.runtime.call("list").must()
    report.equal(result.stderr, "", "stderr")
