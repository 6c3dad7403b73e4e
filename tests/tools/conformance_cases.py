"""tools/lint-conformance and conformance/prove find what they are there to find."""

import os
import subprocess

from support import report

HEAD = "| level | clause | config.json | tests |\n|---|---|---|---|\n"
ELSEWHERE = "| document | section | level | count | clause | reason |\n|---|---|---|---|---|---|\n"
GOOD = "support: only_chooses_by_a_part_of_the_name"
OTHER = "support: a_suite_that_passes_ends_with_zero"
UNIT = "unit: enforce/cgroupfs_apply/writes_rdma_limits_to_a_fake_file"
DOCUMENTS = ("spec", "bundle", "glossary", "runtime", "runtime-linux", "config", "config-linux",
             "features", "features-linux")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run(tool, *arguments):
    done = subprocess.run([os.path.join(report.REPOSITORY, tool), *arguments], capture_output=True,
                          text=True, check=False, input="")
    return done.returncode, done.stdout + done.stderr


def lint(t, rows, document=None, elsewhere=""):
    """The verdict on a table of one section, and on a document of its own."""
    write(t.directory + "/tables/runtime.md", f"# runtime.md\n\n## runtimeState\n\n{HEAD}{rows}")
    write(t.directory + "/tables/elsewhere.md", ELSEWHERE + elsewhere)
    documents = t.directory + "/documents"
    if document:
        for name in DOCUMENTS:
            write(f"{documents}/{name}.md", document if name == "runtime" else "")
    return run("tools/lint-conformance", "--tables", t.directory + "/tables", "--documents",
               documents)


def refused(t, finding, *arguments):
    status, output = lint(t, *arguments)
    report.equal(status, 1, output)
    report.contains(output, finding, "the finding")


def register(suite):
    @suite.test
    def lint_conformance_allows_rows_whose_tests_exist(t):
        status, output = lint(t, f"| MUST | a clause | | {GOOD} |\n")
        report.equal(status, 0, output)
        report.contains(output, "the clauses were not counted", "what it says without documents")

    @suite.test
    def lint_conformance_refuses_a_row_without_a_test(t):
        refused(t, "no test", "| MUST | a clause | | |\n")

    @suite.test
    def lint_conformance_refuses_a_test_that_does_not_exist(t):
        for place, finding in (("support", "support has no test no_such_name"),
                               ("nowhere", "no suite is called nowhere")):
            refused(t, finding, f"| MUST | a clause | | {place}: no_such_name |\n")

    @suite.test
    def lint_conformance_refuses_a_row_that_cannot_be_read(t):
        refused(t, "not of the form suite: name", "| MUST | a clause | | nonsense |\n")
        refused(t, "four cells", f"| MUST | a clause | {GOOD} |\n")
        refused(t, "no JSON pointer", f"| MUST | a clause | process | {GOOD} |\n")

    @suite.test
    def lint_conformance_counts_the_clauses_of_the_documents(t):
        row = f"| MUST | a clause | | {GOOD} |\n"
        text = ('## <a name="runtimeState" />State\n\nIt MUST act and SHOULD NOT fail.\n'
                "```\nAn example MUST be left out.\n```\n")
        refused(t, "SHOULD NOT stands there 1 times, in the tables 0 times", row, text)
        refused(t, "MUST stands there 1 times, in the tables 2 times", row + row, text)
        reason = "| runtime.md | runtimeState | SHOULD NOT | 1 | the other | binds the author |\n"
        status, output = lint(t, row, text, reason)
        report.equal(status, 0, output)
        refused(t, "has no reason", row, text, reason.replace("binds the author", ""))

    @suite.test
    def lint_conformance_wants_an_effect_and_bad_input_of_each_of_the_55_rows(t):
        def verdict(*rows, sections=range(1, 56)):
            lines = "".join(f"| {level} | a property | {pointer} | {test} |\n"
                            for level, pointer, test in rows)
            write(t.directory + "/tables/properties.md",
                  "".join(f"## {section}\n\n{HEAD}{lines}\n" for section in sections))
            return lint(t, "")
        effect, bad = ("effect", "", GOOD), ("bad input", "", OTHER)
        status, output = verdict(effect, bad)
        report.equal(status, 0, output)
        for rows, sections, finding in (
                ([effect], range(1, 56), "properties.md#7: no test of its bad input"),
                ([bad], range(1, 56), "properties.md#7: no test of its effect"),
                ([effect, bad], range(2, 56), "properties.md#1: no test of its effect"),
                ([effect, bad], range(1, 57), "properties.md#56: no such row of the contract"),
                ([effect, ("bad input", "", GOOD)], range(1, 56), "stands for effect and bad input"),
                ([effect, bad, ("MUST", "", GOOD)], range(1, 56), "neither effect nor bad input"),
                ([("effect", "", UNIT), bad], range(1, 56), "not marked as faked")):
            status, output = verdict(*rows, sections=sections)
            report.equal(status, 1, output)
            report.contains(output, finding, "the finding")
        status, output = verdict(("effect", "(/hostname)", UNIT), bad)
        report.equal(status, 0, output)

    @suite.test
    def prove_finds_a_test_that_passes_without_its_property(t):
        test = "operations: the_default_devices_are_those_of_the_kernel"
        rows = {"/hostname": ("FAIL", "ok without the property"),
                "/linux/personality/domain": ("FAIL", "no config.json with this property"),
                "/process/args": ("ok", "")}
        write(t.directory + "/runtime.md", f"## runtimeState\n\n{HEAD}" + "".join(
            f"| MUST | a clause | {pointer} | {test} |\n" for pointer in rows))
        status, output = run("conformance/prove", "--tables", t.directory, "--runtime",
                             os.path.join(report.REPOSITORY, "build", "nucleus"))
        report.equal(status, 1, output)
        report.contains(output, "1 passed, 2 failed, 0 skipped", "the count")
        for pointer, (verdict, why) in rows.items():
            report.contains(output, f"{verdict} runtime.md#runtimeState", pointer)
            report.contains(output, why, pointer)
