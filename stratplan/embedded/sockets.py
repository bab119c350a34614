"""The unix sockets of the private server: in which folder they lie, and whether one answers."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from pathlib import Path
from urllib.parse import quote

from stratplan.embedded.data_folder import DataFolder
from stratplan.errors import DatabaseUnavailable
from stratplan.i18n import _

LONGEST_PATH = 100

# Where mongod listens. It calls itself there too (to vote for an index, for one), so it must stay as long as it runs.
# Relative, so that a moved data folder stays valid.
OWN_SOCKET = "own.sock"
# The name that clients know: a link to the other, made only once the server may be written to, so that no client ever
# meets a server that refuses its writes.
SOCKET = "mongod.sock"


def choose_folder(folder: DataFolder, last_socket: str | None) -> Path:
    """Where the sockets are made: beside the data, or, where that cannot be, in a private folder with a short path."""
    refused = OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    if _fits(folder.database):
        try:
            _try(folder.database)
        except OSError as error:
            refused = error
        else:
            return folder.database
    if last_socket and _is_private(Path(last_socket).parent) and _fits(Path(last_socket).parent):
        return Path(last_socket).parent
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp follows
        if not base or not os.access(base, os.W_OK | os.X_OK) or not _fits(Path(base) / "stratplan-12345678"):
            continue
        short = Path(tempfile.mkdtemp(prefix="stratplan-", dir=base))
        try:
            _try(short)
        except OSError as error:
            refused = error
            short.rmdir()
        else:
            return short
    raise DatabaseUnavailable(
        _(
            "No unix socket can be made for the data folder %(folder)s (%(reason)s). Name a folder with a shorter "
            "path on an ordinary disk in STRATPLAN_DATA_DIR."
        )
        % {"folder": folder.path, "reason": refused.strerror or refused}
    )


def accepts(path: Path) -> bool:
    """Whether a server listens on the socket."""
    with socket.socket(socket.AF_UNIX) as visitor:
        try:
            visitor.connect(str(path))
        except OSError:
            return False
    return True


def address(path: Path) -> str:
    """The address of the server that listens on the socket, for the driver."""
    # Direct: the driver would look for the replica set's member under a path in lower case.
    return f"mongodb://{quote(str(path), safe='')}/?directConnection=true"


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / OWN_SOCKET)) < LONGEST_PATH


def _try(folder: Path) -> None:
    """Make a socket in the folder and take it away again; OSError when that cannot be."""
    probe = folder / "probe.sock"
    with socket.socket(socket.AF_UNIX) as candidate:
        try:
            candidate.bind(str(probe))
        finally:
            probe.unlink(missing_ok=True)


def _is_private(folder: Path) -> bool:
    try:
        seen = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and seen.st_uid == os.getuid() and not seen.st_mode & 0o077
