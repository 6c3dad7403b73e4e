"""config.json as bytes: no JSON, too much of it, and names that stand twice."""

import os

from common import Attempt, ours, refuses, suite
from support import report


def of_text(name, text, *fragments, runc_accepts=None):
    def test(t):
        if runc_accepts and not ours(t):
            report.skip(runc_accepts, impossible=True)
        attempt = Attempt(t)
        written = text(attempt.bundle) if callable(text) else text
        attempt.bundle.write_text(written)
        attempt.settle()
        attempt.refused("config.json", *fragments)
    suite.add(name, test)


def config_text(bundle):
    with open(os.path.join(bundle.path, "config.json"), encoding="utf-8") as file:
        return file.read()


LENIENT = "Go's decoder accepts it"

of_text("refuses_an_empty_config", "", "empty")
of_text("refuses_a_config_of_blanks", " \n\t\n", "empty")
of_text("refuses_a_config_that_is_no_json", "not json")
of_text("refuses_a_truncated_config", lambda bundle: config_text(bundle)[:700])
of_text("refuses_a_config_with_a_trailing_comma", '{"ociVersion": "1.0.2",}')
of_text("refuses_text_after_the_config", lambda bundle: config_text(bundle) + "{}",
        runc_accepts="Go's decoder stops at the end of the first value")
of_text("refuses_a_config_that_is_an_array", "[]")
of_text("refuses_a_config_that_is_a_string", '"ociVersion"')
of_text("refuses_a_NUL_byte_in_the_config",
        lambda bundle: config_text(bundle).replace('"box"', '"b\0x"'))
of_text("refuses_a_NUL_character_in_a_string",
        lambda bundle: config_text(bundle).replace('"box"', '"b\\u0000x"'), "/hostname",
        runc_accepts="the kernel takes what stands before the NUL")
of_text("refuses_a_config_deeper_than_64_levels",
        lambda bundle: '{"x": ' + "[" * 70 + "]" * 70 + ", " + config_text(bundle).lstrip()[1:],
        "deep", runc_accepts=LENIENT)
of_text("refuses_a_config_of_a_million_brackets", "[" * 1000000, "deep")
of_text("refuses_a_config_larger_than_16_MiB",
        lambda bundle: config_text(bundle) + " " * (16 << 20), "larger than 16", runc_accepts=LENIENT)
of_text("refuses_a_name_that_stands_twice",
        lambda bundle: '{"hostname": "a", ' + config_text(bundle).lstrip()[1:], "/hostname",
        "duplicate", runc_accepts=LENIENT)
of_text("refuses_a_name_that_stands_twice_in_an_inner_object",
        lambda bundle: config_text(bundle).replace('"cwd":', '"cwd": "/tmp", "cwd":'),
        "/process/cwd", "duplicate", runc_accepts=LENIENT)
of_text("refuses_a_name_that_stands_twice_in_an_array_of_objects",
        lambda bundle: config_text(bundle).replace('"destination": "/dev/pts"',
                                                   '"destination": "/x", "destination": "/dev/pts"'),
        "/mounts/2/destination", "duplicate", runc_accepts=LENIENT)


@suite.test
def accepts_a_config_64_levels_deep(t):
    # The object is one level; so many arrays make 64.
    attempt = Attempt(t)
    attempt.bundle.write_text('{"x": ' + "[" * 63 + "]" * 63 + ", "
                              + config_text(attempt.bundle).lstrip()[1:])
    t.runtime.run(attempt.id, attempt.bundle).must()
    attempt.nothing_left()


@suite.test
def refuses_a_bundle_without_a_config(t):
    attempt = Attempt(t)
    os.unlink(os.path.join(attempt.bundle.path, "config.json"))
    attempt.settle()
    attempt.refused("config.json", "no such file")


@suite.test
def refuses_a_config_that_is_a_directory(t):
    attempt = Attempt(t)
    os.unlink(os.path.join(attempt.bundle.path, "config.json"))
    os.mkdir(os.path.join(attempt.bundle.path, "config.json"))
    attempt.settle()
    attempt.refused("config.json")


@suite.test
def refuses_a_bundle_that_is_not_there(t):
    attempt = Attempt(t)
    attempt.bundle.path = os.path.join(t.directory, "no-such-bundle")
    attempt.refused("no-such-bundle", "no such file")


@suite.test
def refuses_a_bundle_that_is_a_file(t):
    attempt = Attempt(t)
    attempt.bundle.path = os.path.join(attempt.bundle.path, "config.json")
    attempt.refused("config.json", "no directory")


def refuses_version(version, *fragments, **options):
    refuses(f"refuses_the_version_{version or 'that_is_empty'}",
            lambda bundle: bundle.set("/ociVersion", version), "/ociVersion", *fragments, **options)


refuses_version("2.0.0", runc_accepts="runc 1.1 does not look at the version's major number")
refuses_version("one", runc_accepts="runc 1.1 does not look at the version")
refuses_version("", runc_accepts="runc 1.1 does not look at the version")
