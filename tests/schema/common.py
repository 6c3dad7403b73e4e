"""What the cases share: the suite, the features document, the official schema."""

import json
import os
import warnings

from support import report

suite = report.Suite("schema", budget=30)

# The official schemas and their documents (Meson option oci_spec_dir).
OFFICIAL = os.environ.get("NUCLEUS_OCI_SPEC_DIR",
                          os.path.join(report.REPOSITORY, "..", "shared", "oci-spec"))


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def official_directory():
    """The directory `schema` of the official specification; without it the test is skipped."""
    path = os.path.join(OFFICIAL, "schema")
    if not os.path.isdir(path):
        report.skip("the official schema is not there (oci_spec_dir)")
    return path


def jsonschema():
    """The validator that judges by a schema, Debian's python3-jsonschema."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import jsonschema as module
    except ImportError:
        report.skip("python3-jsonschema is not installed")
    return module


def official_validator(name):
    """Of config-schema.json, features-schema.json or state-schema.json, with all they refer to."""
    module = jsonschema()
    directory = official_directory()
    base = "http://schema.invalid/"
    store = {}
    for file in sorted(os.listdir(directory)):
        if file.endswith(".json"):
            document = read_json(os.path.join(directory, file))
            if file == "defs.json":  # an upstream slip: `#definitions/uint32`
                document["definitions"]["ArrayOfUint32"]["items"]["$ref"] = "#/definitions/uint32"
            store[base + file] = document
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        resolver = module.RefResolver(base + name, store[base + name], store=store)
        return module.Draft4Validator(store[base + name], resolver=resolver)


def features(t):
    result = t.runtime.call("features").must()
    report.equal(result.stderr, "", "stderr of features: callers read both streams together")
    return json.loads(result.stdout)
