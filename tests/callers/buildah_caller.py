"""One private buildah: it runs commands in working containers, each command a container of the
runtime's that ends with it (buildah-run(1))."""

import command
import image
import sandbox
from configured import Configured
from terminal import Terminal

IMAGE = "localhost/busybox"


class Buildah(Configured):
    """buildah with an image of its own."""

    def __init__(self, runtime):
        super().__init__(runtime, "/tmp/buildah-suite")
        self.environment["BUILDAH_ISOLATION"] = "oci"
        tarball = image.make_tarball(self.directory)
        made = self("from", "scratch").must().line
        self("add", "--quiet", made, tarball, "/").must()
        self("config", *[part for item in image.ENVIRONMENT for part in ("--env", item)],
             made).must()
        self("commit", "--quiet", "--rm", made, IMAGE).must()

    def command(self, *arguments):
        return ["buildah", *map(str, arguments)]

    def __call__(self, *arguments, **more):
        """Runs a buildah command to its end."""
        return command.run(self.command(*arguments), self.environment, **more)

    def parent(self, test):
        """The cgroup of a test's commands: buildah takes --cgroup-parent for the cgroup itself."""
        return f"/{sandbox.parent_cgroup()}/{test.unique}"

    def working(self, test, *options):
        """A working container, removed after the test."""
        name = self("from", "--network", "none", "--cgroup-parent", self.parent(test), *options,
                    "--name", test.container_id(), IMAGE).must().line
        test.on_cleanup(lambda: self("rm", name).must())
        return name

    def arguments_of_run(self, name, *arguments, options=()):
        return ["run", "--runtime", self.runtime, *options, name, "--", *arguments]

    def run(self, name, *arguments, options=(), **more):
        return self(*self.arguments_of_run(name, *arguments, options=options), **more)

    def terminal(self, test, *arguments):
        terminal = Terminal(self.command(*arguments), self.environment)
        test.on_cleanup(terminal.close)
        return terminal

    def build(self, test, text, *options):
        """`buildah bud` of the document; returns the image's name and the answer."""
        with open(test.directory + "/Containerfile", "w", encoding="utf-8") as file:
            file.write(f"FROM {IMAGE}\n{text}")
        name = "localhost/" + test.container_id()
        test.on_cleanup(self, "rmi", "--force", name)
        return name, self("bud", "--runtime", self.runtime, "--network", "none", "--cgroup-parent",
                          self.parent(test), *options, "-t", name, test.directory)
