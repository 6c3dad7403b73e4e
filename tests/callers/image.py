"""The image that the callers run: busybox, as a plain tarball and as an OCI archive
(image-spec: image-layout.md, manifest.md, config.md, layer.md)."""

import hashlib
import io
import json
import os
import platform
import tarfile

from support.bundle import make_rootfs

ENVIRONMENT = ["PATH=/bin"]
# The architecture by Go's names (config.md "architecture").
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# A file that is there and is no program: running it has to fail as "permission denied".
NOT_EXECUTABLE = "/etc/plain-text"


def make_tarball(directory):
    """Makes `rootfs` and `rootfs.tar` in the directory; returns the tarball's path."""
    rootfs = os.path.join(directory, "rootfs")
    make_rootfs(rootfs, probe=False)
    # buildah 1.28 gives the root directory of a container with mapped ids to nobody inside: what
    # it mounts into has to be there.
    os.makedirs(rootfs + "/run", exist_ok=True)
    with open(rootfs + NOT_EXECUTABLE, "w", encoding="utf-8") as file:
        file.write("no program\n")
    os.chmod(rootfs + NOT_EXECUTABLE, 0o644)
    path = rootfs + ".tar"
    with tarfile.open(path, "w") as archive:
        archive.add(rootfs, arcname=".")
    return path


def make_oci_archive(tarball, path, name):
    """Writes an OCI archive with the tarball as its one layer."""
    with open(tarball, "rb") as file:
        layer = file.read()
    machine = platform.machine()
    kind = {"architecture": _ARCHITECTURES.get(machine, machine), "os": "linux"}
    config = _encode({**kind,
                      "config": {"Env": ENVIRONMENT, "Cmd": ["sh"]},
                      "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]}})
    manifest = _encode({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar", layer)]})
    entry = _descriptor("application/vnd.oci.image.manifest.v1+json", manifest)
    entry["annotations"] = {"io.containerd.image.name": name,
                            "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    entry["platform"] = kind
    files = {"oci-layout": _encode({"imageLayoutVersion": "1.0.0"}),
             "index.json": _encode({"schemaVersion": 2, "manifests": [entry]})}
    for blob in (layer, config, manifest):
        files["blobs/sha256/" + hashlib.sha256(blob).hexdigest()] = blob
    with tarfile.open(path, "w") as archive:
        for file_name, content in files.items():
            member = tarfile.TarInfo(file_name)
            member.size = len(content)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(content))
    return path


def _encode(document):
    return json.dumps(document).encode()


def _digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _descriptor(media_type, content):
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}
