"""`nucleus validate` by the schema: its findings against the official schema's, place by place."""

import json
import os
import subprocess

import documents
from common import jsonschema, read_json, suite
from support import report

KINDS = {"config": "config-schema.json", "features": "features-schema.json",
         "state": "state-schema.json"}
OWN = os.path.join(report.REPOSITORY, "oci-schema")


def begin(t, text, options, number=0):
    path = os.path.join(t.directory, f"document{number}.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return subprocess.Popen([t.runtime_path, "validate", "--format", "json", *options, path],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            close_fds=False)


def finish(process):
    stdout, stderr = process.communicate(timeout=20)
    report.equal(stderr, "", "stderr")
    output = json.loads(stdout)
    report.equal(process.returncode, 0 if output["valid"] else 1,
                 "the status says what `valid` says")
    return process.returncode, output


def validate(t, text, *options):
    """(exit status, decoded output) of `validate --format json` on a text."""
    return finish(begin(t, text, options))


def validate_each(t, texts, *options):
    """The same of many texts, some at a time."""
    for start in range(0, len(texts), 16):
        batch = texts[start:start + 16]
        processes = [begin(t, text, options, number) for number, text in enumerate(batch)]
        yield from map(finish, processes)


def errors(output):
    return {finding["pointer"] for finding in output["findings"]
            if finding["severity"] == "error"}


def pointer(path):
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


def places_of(error):
    """The pointers of a jsonschema error; a property that is missing has one of its own."""
    if error.context:
        return set().union(*(places_of(inner) for inner in error.context))
    path = list(error.absolute_path)
    if error.validator == "required":
        return {pointer(path + [name]) for name in error.validator_value
                if name not in error.instance}
    return {pointer(path)}


def places_by(validator, document):
    found = set()
    for error in validator.iter_errors(document):
        found |= places_of(error)
    return found


def compare(t, kind, documents_to_judge):
    """Judges every document by both schemas; returns how many were found good, and bad."""
    module = jsonschema()
    official = module.Draft4Validator(documents.official_schema(KINDS[kind]))
    own_schema = read_json(os.path.join(OWN, kind + ".schema.json"))
    own = module.Draft4Validator(documents.resolved(own_schema, "", {"": own_schema}))
    counts = [0, 0]
    judged = list(documents_to_judge)
    texts = [documents.dump(document) for document in judged]
    answers = validate_each(t, texts, "--schema-only", "--kind", kind)
    for number, (document, text, answer) in enumerate(zip(judged, texts, answers)):
        expected = places_by(official, document)
        if number % 5 == 0:
            report.equal(sorted(places_by(own, document)), sorted(expected),
                         f"by our schema in another validator: {text}")
        report.equal(sorted(errors(answer[1])), sorted(expected), f"findings on {text}")
        counts[bool(expected)] += 1
    return counts


@suite.test
def has_the_official_verdict_on_every_official_document(t):
    seen = 0
    for kind in KINDS:
        for name, text in documents.official_documents(kind):
            status, output = validate(t, text, "--schema-only", "--kind", kind)
            report.equal(status, 0 if "/good/" in name else 1, f"{name}: {output}")
            seen += 1
    report.check(seen >= 19, f"{seen} documents were there")


@suite.test
def finds_what_the_official_schema_finds_in_mutations_of_its_documents(t):
    counts = [0, 0]
    for kind in KINDS:
        for number, (_, text) in enumerate(documents.official_documents(kind)):
            try:
                document = json.loads(text)
            except ValueError:
                continue
            found = compare(t, kind, documents.mutations(document, 30, number))
            counts = [one + other for one, other in zip(counts, found)]
    report.check(sum(counts) >= 500, f"{counts} mutations")
    report.check(min(counts) >= 80, f"good and bad ones: {counts}")


@suite.test
def finds_what_the_official_schema_finds_at_every_place_of_a_complete_document(t):
    for kind, name in KINDS.items():
        document = documents.complete(documents.official_schema(name))
        report.equal(compare(t, kind, [document]), [1, 0], "the complete document is good")
        counts = compare(t, kind, documents.each_place_once(document))
        report.check(min(counts) > 0, f"{kind}: {counts} good and bad")


@suite.test
def our_schemas_are_draft_4(_t):
    module = jsonschema()
    for name in os.listdir(OWN):
        if name.endswith(".json"):
            module.Draft4Validator.check_schema(read_json(os.path.join(OWN, name)))


@suite.test
def the_features_document_of_nucleus_is_valid_by_its_own_schema(t):
    text = t.runtime.call("features").must().stdout
    status, output = validate(t, text, "--kind", "features")
    report.equal((status, output["findings"]), (0, []), "status and findings")


@suite.test
def the_state_of_a_container_is_valid_by_its_own_schema(t):
    from support.bundle import Bundle
    bundle = Bundle(os.path.join(t.directory, "bundle")).args("true").write()
    t.runtime.create(t.container_id(), bundle).must()
    text = t.runtime.call("state", t.container_id()).must().stdout
    status, output = validate(t, text, "--kind", "state")
    report.equal(status, 0, f"status: {output}")
