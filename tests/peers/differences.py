"""Where the runtime under test and the peer differ on purpose, each with the clause that decides.

A difference names the cases (fnmatch), the JSON pointer (fnmatch) and, where the pattern is wide,
what is right on our side. One that no case shows any more fails the suite: the table stays true.
"""

import fnmatch


class Difference:
    def __init__(self, cases, pointer, clause, ours=None):
        self.cases = cases
        self.pointer = pointer
        self.clause = clause
        self.ours = ours
        self.seen = False

    def covers(self, case, pointer, ours):
        if not fnmatch.fnmatchcase(case, self.cases):
            return False
        if not fnmatch.fnmatchcase(pointer, self.pointer):
            return False
        return self.ours is None or self.ours == ours


# {kind of the runtime under test: differences from the peer}. Against itself a runtime has none.
DIFFERENCES = {
    "nucleus": [],
}


def find(kind, case, pointer, ours):
    """The difference that covers this, marked as seen; None if there is none."""
    for entry in DIFFERENCES.get(kind, []):
        if entry.covers(case, pointer, ours):
            entry.seen = True
            return entry
    return None


def unseen(kind):
    return [entry for entry in DIFFERENCES.get(kind, []) if not entry.seen]
