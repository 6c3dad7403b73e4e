"""Holds what the suites printed with each runtime against each other: the table of one caller, and
the verdict on nucleus."""

import collections
import re

VERDICT = re.compile(r"^(ok|FAIL|skip) (\w+)(?:: (.*))?$")
WORDS = {"ok": "pass", "FAIL": "fail", "skip": "skip"}


class Run:
    """What one suite printed with one runtime."""

    def __init__(self, text, ended):
        self.caller, self.runtime, self.verdicts, self.ended = "unknown", "unknown", {}, ended
        last = None
        for line in text.splitlines():
            found = VERDICT.match(line)
            if found and found.group(1) == "FAIL" and found.group(3):
                self.ended = self.ended or found.group(3)  # the suite itself: it ran no test
            elif found:
                last = found.group(2)
                self.verdicts[last] = [found.group(1), found.group(3) or ""]
            elif line.startswith("caller: "):
                self.caller = line.partition(": ")[2]
            elif line.startswith("runtime: "):
                self.runtime = line.partition(": ")[2]
            elif last and line.startswith("    ") and self.verdicts[last][0] == "FAIL":
                text = self.verdicts[last][1]
                if text.count("; ") < 2:  # the first lines of a failure name its cause
                    self.verdicts[last][1] = (text + "; " if text else "") + line.strip()

    def verdict(self, test):
        return self.verdicts.get(test, ["FAIL", self.ended or "the suite did not come to it"])


def grouped(tests):
    groups = collections.OrderedDict()
    for test, operation in tests.items():
        groups.setdefault(operation, []).append(test)
    return groups


def cell(run_of, tests):
    verdicts = [run_of.verdict(test)[0] for test in tests]
    counts = [(WORDS[word], verdicts.count(word)) for word in ("ok", "FAIL", "skip")]
    counts = [(word, count) for word, count in counts if count]
    if len(counts) == 1:
        return counts[0][0] + (f" ({len(tests)})" if len(tests) > 1 else "")
    return ", ".join(f"{word} ({count})" for word, count in counts)


def section(caller, tests, runs, differences):
    """The caller's part of the page: its operations by runtime, and what did not pass."""
    groups = grouped(tests)
    first = next(iter(runs.values()))
    names = [run_of.runtime if run_of.runtime != "unknown" else kind
             for kind, run_of in runs.items()]
    lines = [f"## {caller}: {first.caller}", "",
             "| operation | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    notes = []
    for operation, members in groups.items():
        cells = [cell(run_of, members) for run_of in runs.values()]
        lines.append(f"| {operation} | " + " | ".join(cells) + " |")
        for test in members:
            for kind, run_of in runs.items():
                word, cause = run_of.verdict(test)
                if word != "ok":
                    known = differences.get((caller, test, kind))
                    notes.append(f"- {operation}, {kind}: {WORDS[word]}: {test}: "
                                 f"{_plain(known or cause)}")
    return "\n".join(lines + ([""] + notes if notes else [])) + "\n"


def _plain(text):
    """One line that no Markdown reader takes for markup, without this run's own numbers."""
    text = re.sub(r"nt[0-9a-f]{12}", "ID", " ".join(text.split()))
    return re.sub(r"([|<>\[\]`*])", r"\\\1", text)[:300]


def judge(caller, tests, runs, differences):
    """Prints one line an operation and counts them by verdict."""
    counts = collections.Counter()
    nucleus = runs["nucleus"]
    for operation, members in grouped(tests).items():
        problems, skipped = [], []
        for test in members:
            word, cause = nucleus.verdict(test)
            passing = [kind for kind, run_of in runs.items()
                       if kind != "nucleus" and run_of.verdict(test)[0] == "ok"]
            if word == "FAIL" or (word == "skip" and passing):
                beside = f" ({', '.join(passing)} pass)" if passing else ""
                problems.append(f"{test}: {WORDS[word]}{beside}: {cause}")
            elif word == "skip":
                skipped.append(f"{test}: {cause}")
            problems += list(_misjudged(caller, test, runs, differences))
        kind = "FAIL" if problems else "skip" if len(skipped) == len(members) else "ok"
        counts[kind] += 1
        cause = f": {skipped[0]}" if kind == "skip" else ""
        print(f"{kind} {caller}: {operation}{cause}", flush=True)
        for problem in problems:
            print("    " + problem, flush=True)
    return counts


def _misjudged(caller, test, runs, differences):
    for kind, run_of in runs.items():
        known = differences.get((caller, test, kind))
        word, cause = run_of.verdict(test)
        if kind != "nucleus" and word == "FAIL" and known is None:
            yield f"{test}: {kind} fails and is not known to: {cause}"
        if known is not None and word == "ok":
            yield f"{test}: {kind} passes; callers.py says that it does not: {known}"
