"""Takes one property out of every config.json that the tests write, so that conformance/prove can
see a test fail without it.

NUCLEUS_TEST_REMOVE is a JSON pointer (RFC 6901) whose tokens for an array may also be `*` (every
element), a string element itself or what stands before its `=` (an option), or any string value of
an element that is an object (`/linux/namespaces/pid`, `/mounts/~1data/options/ro`).
NUCLEUS_TEST_REMOVE_LOG names a file that gets one line for each config.json that was changed.
"""

import copy
import os


def from_environment(config):
    """The config without the property that the environment names; the config itself if none."""
    pointer = os.environ.get("NUCLEUS_TEST_REMOVE")
    if not pointer:
        return config
    changed = copy.deepcopy(config)
    if remove(changed, tokens_of(pointer)):
        log = os.environ.get("NUCLEUS_TEST_REMOVE_LOG")
        if log:
            with open(log, "a", encoding="utf-8") as file:
                file.write(pointer + "\n")
    return changed


def tokens_of(pointer):
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def remove(place, tokens):
    """Removes what the tokens name, and returns whether there was something."""
    first, rest = tokens[0], tokens[1:]
    if isinstance(place, dict):
        if first == "*":
            keys = list(place)
        else:
            keys = [first] if first in place else []
    elif isinstance(place, list):
        keys = [number for number, element in enumerate(place) if _is(number, element, first)]
    else:
        return False
    if rest:
        return any([remove(place[key], rest) for key in keys])
    for key in reversed(keys):
        del place[key]
    return bool(keys)


def _is(number, element, token):
    if token == "*" or token == str(number):
        return True
    if isinstance(element, str):
        return element == token or element.startswith(token + "=")
    return isinstance(element, dict) and token in element.values()
