"""The cases of podman.py, one module a subject."""

import importlib

_SUBJECTS = ["running", "terminals", "executing", "ending", "watching", "pausing", "copying",
             "health", "sharing", "kube", "users", "mounting", "privileges", "resources",
             "building", "others", "rootless"]


def register():
    """Each module registers its tests when it is imported: the order is that of the list."""
    for subject in _SUBJECTS:
        importlib.import_module("podman_cases." + subject)
