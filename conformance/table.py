"""Reads the tables of this directory, and the documents that they are about."""

import collections
import os
import re

HERE = os.path.dirname(os.path.realpath(__file__))
DOCUMENTS = ("spec", "bundle", "glossary", "runtime", "runtime-linux", "config", "config-linux",
             "features", "features-linux")
LEVELS = ("MUST NOT", "SHOULD NOT", "NOT RECOMMENDED", "SHALL NOT", "MUST", "SHOULD", "SHALL",
          "REQUIRED", "RECOMMENDED")

# The rows of the contract, each a section of properties.md.
PROPERTIES = 55
EFFECT, BAD_INPUT = "effect", "bad input"

# number: of the row in its section, from 1; tests: [(suite, name)]; faked: shown on fake files only.
Row = collections.namedtuple("Row", "document section number level clause pointer tests faked")

_LEVEL = re.compile(r"\b(" + "|".join(LEVELS) + r")\b")
_HEADING = re.compile(r"#+ +(?:<a name=\"([^\"]+)\" ?/>)?(.*)")
_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


class Malformed(Exception):
    """A line of a table that cannot be read."""


def _cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _is_row(line):
    return line.startswith("|") and not re.match(r"\| *(level|document|column) *\||\|-", line)


def parse_tests(text):
    """`suite: name; suite: name` as pairs."""
    tests = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        suite, colon, name = part.partition(": ")
        if not colon:
            raise Malformed(f"{part!r} is not of the form suite: name")
        tests.append((suite, name.strip()))
    return tests


def read_rows(path):
    """The rows of one table."""
    rows, section, number = [], None, 0
    document = os.path.basename(path)
    with open(path, encoding="utf-8") as file:
        for line_number, line in enumerate(file, 1):
            if line.startswith("## "):
                section, number = line[3:].strip(), 0
            if not _is_row(line):
                continue
            cells = _cells(line)
            where = f"{document}:{line_number}"
            if len(cells) != 4 or section is None:
                raise Malformed(f"{where}: a row has the four cells of its section's heading")
            number += 1
            try:
                tests = parse_tests(cells[3])
            except Malformed as problem:
                raise Malformed(f"{where}: {problem}") from None
            # In parentheses: shown on fake files only, so that there is nothing to take away.
            faked = bool(re.fullmatch(r"\(/.*\)", cells[2]))
            pointer = "" if faked else cells[2]
            if pointer and not pointer.startswith("/"):
                raise Malformed(f"{where}: {pointer!r} is no JSON pointer")
            rows.append(Row(document, section, number, cells[0], cells[1], pointer, tests, faked))
    return rows


def read_elsewhere(path):
    """{(document, section, level): count} of the clauses that bind no runtime on Linux."""
    counts = collections.Counter()
    with open(path, encoding="utf-8") as file:
        for line in file:
            if _is_row(line):
                document, section, level, count, _, reason = _cells(line)
                if not reason:
                    raise Malformed(f"elsewhere.md: {document} {section} {level} has no reason")
                counts[document, section, level] += int(count)
    return counts


def clauses(path):
    """{(document, section, level): how often it stands there}; examples have none that bind."""
    document = os.path.basename(path)
    with open(path, encoding="utf-8") as file:
        text = _FENCE.sub(lambda found: "\n" * found.group(0).count("\n"), file.read())
    section, counts = None, collections.Counter()
    for line in text.split("\n"):
        heading = _HEADING.fullmatch(line)
        if heading:
            words = re.sub(r"[^\w\- ]", "", heading.group(2).strip().lower())
            name = heading.group(1) or words.replace(" ", "-")
            if not name.startswith("example"):
                section = name
        else:
            for level in _LEVEL.findall(line):
                counts[document, section, level] += 1
    return counts


def tables(directory=HERE):
    """The paths of the tables of clauses, and that of the properties."""
    names = [name for name in (*DOCUMENTS, "properties")
             if os.path.exists(os.path.join(directory, name + ".md"))]
    return [os.path.join(directory, name + ".md") for name in names]


def read_all(directory=HERE):
    return [row for path in tables(directory) for row in read_rows(path)]
