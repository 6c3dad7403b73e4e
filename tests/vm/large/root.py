"""The large machine's root file system and kernel, made from Debian packages and cached.

What the key is made of: the list of packages, the suite, the files of overlay/ and this file. A
cache with that key is used as it is; another list makes another image. The oldest go.
"""

import collections
import fcntl
import glob
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import kernel

kHere = pathlib.Path(__file__).resolve().parent
kSuite = "trixie"  # podman 5, crun with every feature of 1.1 and later, Linux 6.12
kKernelPackage = "linux-image-cloud-amd64"
kKept = 2  # images of other keys, for other working trees
kSize = "2G"  # sparse; what the tests write goes to a snapshot
# Profiles of programs that no test starts only make the boot longer.
kProfiles = {"abi", "abstractions", "crun", "disable", "force-complain", "local", "podman",
             "runc", "tunables", "unprivileged_userns"}
kMasked = ["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
           "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "getty@tty1.service", "netavark-dhcp-proxy.service",
           "netavark-dhcp-proxy.socket",
           "podman-auto-update.timer", "podman-auto-update.service", "podman-restart.service",
           "podman-clean-transient.service", "podman.socket", "podman.service",
           "serial-getty@ttyS0.service", "systemd-firstboot.service",
           "systemd-networkd-wait-online.service", "systemd-timesyncd.service",
           "systemd-hwdb-update.service", "systemd-journal-catalog-update.service",
           "systemd-pstore.service", "systemd-udev-settle.service", "systemd-update-done.service",
           "systemd-update-utmp.service", "emergency.service", "rescue.service"]

Root = collections.namedtuple("Root", "image kernel")


class RootError(Exception):
    pass


def packages():
    names = []
    for line in (kHere / "packages").read_text(encoding="utf-8").splitlines():
        name = line.partition("|")[0].strip()
        if name and not name.startswith("#"):
            names.append(name)
    return names


def overlay_files():
    return sorted(path for path in (kHere / "overlay").rglob("*") if path.is_file())


def key():
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    digest.update("\n".join([kSuite, *packages()]).encode())
    for path in overlay_files():
        digest.update(str(path.relative_to(kHere)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def prepare(say):
    """The cached root, made first if the cache has none with this key. say gets a line of text."""
    cache = kernel.cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / f"large-{key()}"
    with open(cache / "large.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once make it once
        if not tree.is_dir():
            say(f"making the root from {len(packages())} packages of {kSuite}: once, some minutes")
            _make(cache, tree)
        made = sorted(cache.glob("large-*"), key=lambda path: path.stat().st_mtime)
        for old in [path for path in made if path != tree][:-kKept]:
            shutil.rmtree(old)
    return Root(tree / "root.img", kernel.describe(tree / "kernel"))


def _make(cache, tree):
    work = pathlib.Path(tempfile.mkdtemp(prefix="making-", dir=cache))
    try:
        root, done = work / "root", work / "done"
        done.mkdir()
        _bootstrap(work, root)
        _unpack_kernel(work, root, done / "kernel")
        _settle(root)
        _run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-d", str(root),
              str(done / "root.img"), kSize])
        done.rename(tree)
    finally:
        shutil.rmtree(work)


def _run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)
    if done.returncode != 0:
        raise RootError(f"{command[0]}: " + " | ".join(done.stdout.strip().splitlines()[-5:]))
    return done.stdout


def mirror():
    """Where this machine's own apt takes Debian from."""
    text = _run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)",
                 "Created-By: Packages"])
    for line in text.splitlines():
        address, _, label = line.partition(" ")
        if label == "Debian":
            return address
    raise RootError("apt knows no source of Debian's own packages (run apt-get update first?)")


def _bootstrap(work, root):
    # The kernel is fetched by the new root's own apt: only that knows the suite.
    fetch = work / "fetch-kernel"
    fetch.write_text(
        "#!/bin/sh\nset -e\nexport APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\"\ncd " + str(work) + "\n"
        f"package=$(apt-cache depends {kKernelPackage} |\n"
        "    sed -n 's/.*Depends: \\(linux-image-[^ ]*\\).*/\\1/p')\n"
        "apt-get -q -o APT::Sandbox::User=root download $package\n", encoding="utf-8")
    fetch.chmod(0o755)
    _run(["nice", "unshare", "-m", "--propagation", "private", "mmdebstrap", "--mode=root",
          "--variant=minbase", "--include=" + ",".join(packages()),
          f"--customize-hook={fetch}", kSuite, str(root), mirror()])


def _unpack_kernel(work, root, target):
    found = list(work.glob("linux-image-*.deb"))
    if len(found) != 1:
        raise RootError(f"{kKernelPackage}: {len(found)} packages came")
    _run(["dpkg-deb", "-x", str(found[0]), str(target)])
    described = kernel.describe(target)
    shutil.copytree(described.modules, root / "usr" / "lib" / "modules" / described.release)
    _run(["chroot", str(root), "depmod", described.release])


def _settle(root):
    """What makes of a tree of packages a machine that runs the tests."""
    for path in overlay_files():
        target = root / path.relative_to(kHere / "overlay")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (root / "opt" / "nucleus").mkdir(parents=True)
    _run(["chroot", str(root), "useradd", "--create-home", "--uid", "1000", "--shell",
          "/bin/bash", "user"])
    (root / "var/lib/systemd/linger").mkdir(parents=True, exist_ok=True)
    units = root / "etc/systemd/system"
    for name in kMasked:
        target = units / name
        target.unlink(missing_ok=True)
        target.symlink_to("/dev/null")
    for link in glob.glob(str(units / "*.wants" / "*")):
        if os.path.basename(link) in kMasked:
            os.unlink(link)
    wants = units / "multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "nucleus-tests.service").symlink_to("../nucleus-tests.service")
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")
    for entry in (root / "etc/apparmor.d").iterdir():
        if entry.name not in kProfiles:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for leaf in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man",
                 "usr/share/locale"):
        shutil.rmtree(root / leaf, ignore_errors=True)
