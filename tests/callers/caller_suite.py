"""The suite of one caller: tests named by the operation that they judge, in two tiers."""

import subprocess

from support import report

TIMEOUT = 90.0


class CallerSuite(report.Suite):
    """Adds to a suite: `--all` for the tests of the long tier, `--operations` for the list that
    the table of callers is made from, and the words that tell which programs were at work."""

    def __init__(self, name, budget, long_budget):
        super().__init__(name, budget)
        self._long_budget = long_budget
        self._operations = {}  # by the test's name
        self._long = set()
        self.parser.add_argument("--all", action="store_true", help="the long tier's tests too")
        self.parser.add_argument("--operations", action="store_true",
                                 help="print each test with its operation and stop")
        self.parser.add_argument("--root", metavar="SUITE", help="with the programs of another "
                                 "release of Debian, in a root made from the packages in roots/")

    def operation(self, words, tier="short"):
        """Decorator: a test of this operation, named as a person would type it ("exec -it")."""
        def register(function):
            self.add(function.__name__, function, TIMEOUT)
            self._operations[function.__name__] = words
            if tier == "long":
                self._long.add(function.__name__)
            return function
        return register

    def run(self, arguments):
        options = self.parser.parse_args(arguments)
        if options.operations:
            for case in self.cases:
                words = self._operations.get(case.name, case.name.replace("_", " "))
                print(f"{case.name}\t{words}")
            return 0
        if options.all or options.root:
            self.budget = self._long_budget
        return super().run(arguments)

    def announce(self, caller):
        """Prints the caller's name and version, and the first line of the runtime's own."""
        done = subprocess.run([self.options.runtime, "--version"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        lines = done.stdout.splitlines() or ["unknown version"]
        print(f"caller: {caller}\nruntime: {lines[0].replace(' version', '')}", flush=True)

    def _choose(self):
        chosen = super()._choose()
        if self.options.all or self.options.only or self.options.test or self.options.list:
            return chosen
        return [case for case in chosen if case.name not in self._long]
