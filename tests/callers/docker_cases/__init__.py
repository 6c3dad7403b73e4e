"""The cases of the suite with dockerd, by subject."""

import importlib

_SUBJECTS = ("running", "terminals", "executing", "ending", "control", "resources", "privileges",
             "mounting", "sharing", "images")


def register():
    """Imports every subject, in the order of the report."""
    for subject in _SUBJECTS:
        importlib.import_module("docker_cases." + subject)
