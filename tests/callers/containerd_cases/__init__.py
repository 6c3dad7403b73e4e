"""The cases of containerd.py, one module a subject."""

import importlib

_SUBJECTS = ("running", "terminals", "executing", "ending", "control", "options")


def register():
    """Each module registers its tests when it is imported: the order is that of the list."""
    for subject in _SUBJECTS:
        importlib.import_module("containerd_cases." + subject)
