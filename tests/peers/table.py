"""The table of cases: each is one bundle with one feature, observed on both sides."""

CASES = []


class Case:
    """`function(side)` changes side.bundle and returns an observation, or None for the probe's
    own report. `expects` says, by JSON pointer, what the feature must have done: two runtimes that
    both ignore it are equal too, and this is what fails then. A value may be a predicate."""

    def __init__(self, function, expects, sections):
        self.name = function.__name__
        self.function = function
        self.expects = expects
        self.sections = sections


def case(*sections, expects=None):
    """Registers a case; the sections are what the probe reports if the case sets no arguments."""
    def register(function):
        CASES.append(Case(function, expects or {}, sections))
        return function
    return register
