"""Documents to judge: the official ones, one that has every property, and mutations of both."""

import copy
import json
import os
import random

from common import official_directory, read_json

# Words that a pattern of the official schema accepts.
MATCHING = {"^RLIMIT_[A-Z]+$": "RLIMIT_CORE", "^[0-9, -]*$": "0-3", "^[1-9][0-9]*[KMG]B$": "2MB",
            "^[cbup]$": "c", "^MB:[^\\n]*$": "MB:0=70", "^CAP_[A-Z_]+$": "CAP_KILL"}

# What a value may be replaced with; integers of more than 64 bits are judged more strictly here.
OTHERS = [None, True, 0, -1, 1.5, 511, 512, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 63, 2 ** 64 - 1,
          -2 ** 63, "", "x", "CAP_KILL", "RLIMIT_core", "64kB", "1GB", "MB:", [], ["x"], [7], {},
          {"x": 1}, {"path": "/x"}]


def official_documents(kind):
    """(name, text) of every document of the kind, good and bad."""
    top = os.path.join(official_directory(), "test", kind)
    found = []
    for verdict in ("good", "bad"):
        for name in sorted(os.listdir(os.path.join(top, verdict))):
            with open(os.path.join(top, verdict, name), encoding="utf-8") as file:
                found.append((f"{kind}/{verdict}/{name}", file.read()))
    return found


def resolved(schema, file, schemas):
    """The schema with every $ref replaced by what it refers to (draft 4: nothing beside it counts)."""
    if isinstance(schema, list):
        return [resolved(entry, file, schemas) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        other, _, pointer = schema["$ref"].partition("#")
        target = schemas[other or file]
        for token in pointer.strip("/").split("/"):
            target = target[token]
        return resolved(target, other or file, schemas)
    return {key: resolved(value, file, schemas) for key, value in schema.items()
            if key != "definitions"}


def official_schema(name):
    directory = official_directory()
    schemas = {file: read_json(os.path.join(directory, file))
               for file in os.listdir(directory) if file.endswith(".json")}
    return resolved(schemas[name], name, schemas)


def complete(schema):
    """A valid document that has every property that the schema names."""
    if "anyOf" in schema:
        return complete(schema["anyOf"][0])
    if "allOf" in schema:
        document = {}
        for part in schema["allOf"]:
            document.update(complete(part))
        return document
    if "enum" in schema:
        return schema["enum"][-1]
    kind = schema.get("type", "object")
    if kind == "object":
        document = {name: complete(inner) for name, inner in schema.get("properties", {}).items()}
        for inner in list(schema.get("patternProperties", {}).values())[:1]:
            document["a/name~"] = complete(inner)
        if isinstance(schema.get("additionalProperties"), dict):
            document["device"] = complete(schema["additionalProperties"])
        return document
    if kind == "array":
        items = schema["items"][0] if isinstance(schema["items"], list) else schema["items"]
        return [complete(items), complete(items)]
    if kind == "string":
        return MATCHING.get(schema.get("pattern"), "text")
    return schema.get("maximum", 1) if kind == "integer" else True


def places(document, path=()):
    """The paths of all values but the document itself."""
    entries = document.items() if isinstance(document, dict) else \
        enumerate(document) if isinstance(document, list) else ()
    for key, value in entries:
        yield path + (key,)
        yield from places(value, path + (key,))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def without(document, path):
    changed = copy.deepcopy(document)
    del at(changed, path[:-1])[path[-1]]
    return changed


def with_value(document, path, value):
    changed = copy.deepcopy(document)
    at(changed, path[:-1])[path[-1]] = copy.deepcopy(value)
    return changed


def mutations(document, count, seed):
    """`count` documents, each with one to three places removed or replaced; always the same ones."""
    chosen = random.Random(seed)
    for _ in range(count):
        changed = document
        for _ in range(chosen.choice((1, 1, 1, 2, 3))):
            path = chosen.choice(list(places(changed)) or [None])
            if path is None:
                break
            if chosen.random() < 0.3:
                changed = without(changed, path)
            else:
                changed = with_value(changed, path, chosen.choice(OTHERS))
        yield changed


def way_to(document, path):
    """The document without the objects and arrays beside the way to a place: judged faster."""
    if len(path) == 1:
        return document, path
    inner, rest = way_to(document[path[0]], path[1:])
    if isinstance(document, list):
        return [inner], (0,) + rest
    plain = {key: value for key, value in document.items() if not isinstance(value, (dict, list))}
    return {**plain, path[0]: inner}, path[:1] + rest


def each_place_once(document):
    """For every place a document without it, or with another value there: of the objects and arrays
    one at a time, of all that is in them every twelfth at once."""
    plain = []
    for number, path in enumerate(list(places(document))):
        if isinstance(at(document, path), (dict, list)):
            if 1 not in path:  # the second of two equal elements
                part, short = way_to(document, path)
                yield with_value(part, short, OTHERS[number % len(OTHERS)])
        else:
            plain.append((number, path))
    for shift in range(12):
        changed = copy.deepcopy(document)
        for number, path in plain[shift::12]:
            holder = at(changed, path[:-1])
            if number % 4 == 0 and isinstance(holder, dict):
                del holder[path[-1]]
            else:
                holder[path[-1]] = copy.deepcopy(OTHERS[number % len(OTHERS)])
        yield changed


def dump(document):
    return json.dumps(document)
