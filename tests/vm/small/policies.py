"""The policies of security modules that the guest loads, compiled here by their own compilers."""

import pathlib
import subprocess
import tempfile

kSources = pathlib.Path(__file__).resolve().parent / "policies"
kFeatures = "/etc/apparmor.d/abi/3.0"  # of the package apparmor: the profile's, on any kernel


class PolicyError(Exception):
    pass


def _compile(package, command):
    """What the command, given the name of a file to write, has written there."""
    with tempfile.TemporaryDirectory() as directory:
        target = pathlib.Path(directory) / "policy"
        try:
            done = subprocess.run(command(str(target)), stdin=subprocess.DEVNULL, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  cwd=directory)
        except FileNotFoundError as error:
            raise PolicyError(f"{error.filename}: not found (Debian package {package})") from None
        if done.returncode != 0 or not target.is_file():
            raise PolicyError(f"{package}: {done.stdout.strip()}")
        return target.read_bytes()


def apparmor_profile():
    source = str(kSources / "nucleus-test.apparmor")
    return _compile("apparmor", lambda target: [
        "/sbin/apparmor_parser", "-Q", "-o", target, "--kernel-features", kFeatures,
        "--policy-features", kFeatures, "-I", "/etc/apparmor.d", source])


def selinux_policy():
    source = str(kSources / "nucleus-test.cil")
    return _compile("secilc", lambda target: [
        "secilc", "-M", "false", "-c", "33", "-U", "allow", "-f", "/dev/stdout", "-o", target,
        source])
