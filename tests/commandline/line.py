"""What the cases share: the suite. Containers are made as tests/lifecycle makes them."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for path in (os.path.join(os.path.dirname(HERE), "lifecycle"), os.path.dirname(HERE), HERE):
    sys.path.insert(0, path)

from support import report  # noqa: E402

suite = report.Suite("commandline", budget=60)
REPOSITORY = os.path.dirname(os.path.dirname(HERE))


def need_nucleus(t, cause):
    """The case is about what only this project's runtime has."""
    if t.runtime.kind in ("runc", "crun"):
        report.skip(cause, impossible=True)
