"""A program as Debian packages it, with the libraries it needs, for a file system that has nothing else. It comes from the package and not
from this host, where it may not be, or would be a service if it were installed.

Files are {path without its first slash: (content, mode)}.
"""
import pathlib
import re
import subprocess

from support import archives


def unpacked(scratch, package):
    """The folder that has what the package would install."""
    directory = pathlib.Path(scratch) / package
    directory.mkdir()
    quiet = {"cwd": directory, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package], **quiet)
    [archive] = directory.glob("*.deb")
    subprocess.run(["dpkg", "-x", archive, "."], **quiet)
    return directory


def files(directory, path):
    """The program at this path of an unpacked package, and its libraries."""
    program = directory / path
    found = {path: (program.read_bytes(), 0o755)}
    needed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"(/\S+) \(0x", needed):
        found[library.lstrip("/")] = pathlib.Path(library).read_bytes(), 0o755
    return found


def entries(of):
    """Files as entries of a tar archive, with the folders that images.py doesn't make."""
    folders = sorted({str(folder) for path in of for folder in pathlib.PurePosixPath(path).parents} - {".", "bin", "etc", "usr", "var"})
    return [archives.entry(folder) for folder in folders] + [archives.entry(path, content, mode=mode) for path, (content, mode) in of.items()]
