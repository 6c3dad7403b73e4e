"""Normal form of an observation: what names one run (ids, inodes, directories) becomes a word."""

import json
import re


def normalise(side, observation):
    """A copy in which equal means equal for a person: namespaces are `the host's`, `new` or the
    name that the case gave; mounts are keyed by mount point; unordered lists are sorted."""
    text = json.dumps(observation)
    for found, word in ((side.directory, "DIR"), (side.id, "ID"),
                        (side.test.unique, "UNIQUE")):
        text = text.replace(found, word)
    plain = json.loads(text)
    return _walk(side, plain)


def _walk(side, value):
    if isinstance(value, list):
        return [_walk(side, item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        change = _CHANGES.get(key)
        result[key] = change(side, item) if change else _walk(side, item)
    return result


def _namespaces(side, inodes):
    return {name: side.known_namespaces.get(inode, "new") for name, inode in inodes.items()}


def _mounts(_side, mounts):
    """By point, then by position in the stack: independent mounts have no order."""
    peers = {}
    counts = {}
    result = {}
    for mount in mounts:
        index = counts.get(mount["point"], 0)
        counts[mount["point"]] = index + 1
        mount = dict(mount)
        mount["propagation"] = [_peer_group(peers, field) for field in mount["propagation"]]
        mount["super"] = sorted(mount["super"])
        result[mount["point"] + ("" if index == 0 else f" #{index}")] = mount
    return result


def _peer_group(peers, field):
    """shared:N and master:N name a peer group; a number in order of appearance says which."""
    kind, _, number = field.partition(":")
    if not number or kind == "propagate_from":
        return kind
    return f"{kind}:group {peers.setdefault(number, len(peers) + 1)}"


def _session_keyring(side, keyring):
    if not isinstance(keyring, dict):
        return keyring
    kind, uid, gid, permissions, name = keyring["description"].split(";", 4)
    fresh = keyring["serial"] != side.test.suite.host_keyring
    return {"new": fresh, "type": kind, "uid": uid, "gid": gid, "permissions": permissions,
            "name": name, "members": keyring["members"] if fresh else "the host's"}


def _device_rules(_side, text):
    """{device: access} of the v1 devices.list, "c 1:3 rwm"; several lines of a device add up."""
    rules = {}
    for line in text.split("\n"):
        device, _, access = line.rpartition(" ")
        rules[device] = "".join(sorted(set(rules.get(device, "") + access)))
    return rules


def _unified(_side, lines):
    """Hierarchy numbers are the machine's."""
    return sorted(re.sub(r"^\d+:", "", line) for line in lines)


def _host_pid(side, pid):
    return "the container process" if pid == side.pid else pid


_CHANGES = {
    "namespaces": _namespaces,
    "mounts": _mounts,
    "membership": _unified,
    "devices.list": _device_rules,
    "host_pid": _host_pid,
    "session_keyring": _session_keyring,
}


def flatten(value, pointer=""):
    """{JSON pointer: leaf}; an array of plain values, and anything empty, is one leaf."""
    if isinstance(value, dict) and value:
        pairs = [(key.replace("~", "~0").replace("/", "~1"), item) for key, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        pairs = list(enumerate(value))
    else:
        return {pointer: value}
    result = {}
    for key, item in pairs:
        result.update(flatten(item, f"{pointer}/{key}"))
    return result


ABSENT = "(absent)"


def differences(ours, peers):
    """[(pointer, ours, "peer", the peer's)] of two normal forms."""
    left, right = flatten(ours), flatten(peers)
    found = []
    for pointer in sorted(left.keys() | right.keys()):
        pair = (left.get(pointer, ABSENT), right.get(pointer, ABSENT))
        if pair[0] != pair[1]:
            found.append((pointer, pair[0], "peer", pair[1]))
    return found


def at(value, pointer):
    """The value at a JSON pointer, or ABSENT."""
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(token)] if isinstance(value, list) else value[token]
        except (KeyError, IndexError, ValueError):
            return ABSENT
    return value
