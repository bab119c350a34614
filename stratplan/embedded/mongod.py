"""One run of mongod: a replica set of one, on a unix socket, that ends with the process that started it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from stratplan.embedded.data_folder import DataFolder
from stratplan.embedded.failures import why_it_ended
from stratplan.embedded.programs import Program
from stratplan.embedded.sockets import OWN_SOCKET, SOCKET, accepts, address
from stratplan.embedded.waiting import Patience, Say
from stratplan.errors import DatabaseUnavailable
from stratplan.i18n import _

log = logging.getLogger(__name__)

LARGEST_LOG = 8 * 1024**2

# Seconds.
LONGEST_TRANSACTION = 600
TO_START = 60.0
TO_STOP = 30.0
TO_DIE = 5.0

# Asks Linux to end mongod cleanly when its owner is killed; a program of its own, because preexec_fn is not safe
# beside threads. The signal comes when the *thread* that started mongod ends: that thread has to outlive it.
_TIED_TO_OWNER = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15);"
    "os.getppid() == int(sys.argv[1]) or sys.exit(1); os.execv(sys.argv[2], sys.argv[2:])"
)


ALREADY_INITIALIZED = 23  # the server's number of that error


class Mongod:
    """A mongod that was started on a data folder by this process."""

    def __init__(self, program: Program, folder: DataFolder, socket_folder: Path, *, written_by: str | None) -> None:
        self._program = program
        self._folder = folder
        self._own_socket = socket_folder / OWN_SOCKET
        self._socket = socket_folder / SOCKET
        self._written_by = written_by
        self._is_to_end = False
        self._turn_log()
        self._log_from = folder.log.stat().st_size if folder.log.exists() else 0
        self._socket.unlink(missing_ok=True)
        self._own_socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(  # noqa: S603 - the program that was found
            self._command(),
            cwd=socket_folder,
            # A session of its own: Ctrl-C in the terminal is for the owner, which then stops mongod in its time.
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            umask=0o077,
        )

    def _command(self) -> list[str]:
        command = [
            str(self._program.path),
            *("--dbpath", str(self._folder.files)),
            # Nothing but this socket: no TCP, and none of the sockets that mongod makes in /tmp by itself.
            *("--bind_ip", f"./{OWN_SOCKET}", "--nounixsocket", "--filePermissions", "0600"),
            *("--replSet", "rs0", "--oplogSize", "128"),
            # 8 MB journal files instead of 100 MB: a new database takes 25 MB of disk, not 300.
            *("--wiredTigerCacheSizeGB", "0.25", "--wiredTigerEngineConfigString", "log=(file_max=8MB)"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # A plan with its closed reviews is loaded in one transaction, which a slow computer needs its time for.
            *("--setParameter", f"transactionLifetimeLimitSeconds={LONGEST_TRANSACTION}"),
            *("--logpath", str(self._folder.log), "--logappend", "--logRotate", "reopen", "--quiet"),
        ]
        if sys.platform == "linux":
            return [sys.executable, "-I", "-S", "-c", _TIED_TO_OWNER, str(os.getpid()), *command]
        return command

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_until_writable(self, say: Say) -> None:
        """Return when clients may write, with the socket under the name they know; else DatabaseUnavailable."""
        patience = Patience(TO_START, say, said_after=5.0)
        while not accepts(self._own_socket):
            self._nap(patience)
        with MongoClient[dict[str, Any]](
            address(self._own_socket), serverSelectionTimeoutMS=1000, socketTimeoutMS=10_000
        ) as client:
            while not self._is_primary(client):
                self._nap(patience)
        self._socket.symlink_to(OWN_SOCKET)

    def _nap(self, patience: Patience) -> None:
        if not self.runs:
            if self._is_to_end:
                raise DatabaseUnavailable(_("The database server was stopped while it started."))
            raise why_it_ended(
                self._process.returncode,
                self._program,
                self._folder,
                log_from=self._log_from,
                written_by=self._written_by,
            )
        if not patience.nap(_("The database server is still starting; after a crash it first recovers."), 0.01):
            raise DatabaseUnavailable(
                _("The database server does not become ready. Its log %(log)s may tell why.")
                % {"log": self._folder.log}
            )

    def _is_primary(self, client: MongoClient[dict[str, Any]]) -> bool:
        try:
            hello = client.admin.command("hello")
            if "setName" not in hello:
                self._initiate(client)
        except OperationFailure as error:
            log.warning("The database server is not ready: %s", error)
            return False
        except PyMongoError:
            return False
        return bool(hello["isWritablePrimary"])

    def _initiate(self, client: MongoClient[dict[str, Any]]) -> None:
        """Make it the only member of its replica set, under the name of its own socket."""
        config: dict[str, Any] = {"_id": "rs0", "version": 1, "members": [{"_id": 0, "host": f"./{OWN_SOCKET}"}]}
        try:
            client.admin.command("replSetInitiate", config)
        except OperationFailure as error:
            if error.code != ALREADY_INITIALIZED:
                raise
            # It has not read its configuration yet, or does not find itself there: the socket had another name once.
            with suppress(OperationFailure):
                known = client.admin.command("replSetGetConfig")["config"]
                if known["members"][0]["host"] != config["members"][0]["host"]:
                    config["version"] = known["version"] + 1
                    client.admin.command("replSetReconfig", config, force=True)

    def watch(self) -> None:
        """Return when it has ended; until then its log is kept from growing without end."""
        while True:
            try:
                self._process.wait(timeout=600)
            except subprocess.TimeoutExpired:
                if self._turn_log():
                    self._process.send_signal(signal.SIGUSR1)
            else:
                return

    def _turn_log(self) -> bool:
        """Put a log that grew large aside, in place of the one before; whether it was done."""
        file = self._folder.log
        try:
            if file.stat().st_size < LARGEST_LOG:
                return False
        except FileNotFoundError:
            return False
        file.replace(file.with_suffix(".log.1"))
        return True

    def terminate(self) -> None:
        """Ask it to end in order."""
        self._is_to_end = True
        self._process.terminate()

    def kill(self) -> None:
        """End it at once; what was confirmed to clients is safe."""
        self._process.kill()

    def end(self) -> None:
        """End it, in order if it can, and return when it has ended."""
        self.terminate()
        try:
            self._process.wait(TO_STOP)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()


def end_orphan(folder: DataFolder, say: Say) -> None:
    """Stop the mongod of an owner that was killed.

    It is not adopted: it is no child of this process, so nobody would see it die, and on Linux it ends already.
    """
    try:
        pid = int((folder.files / "mongod.lock").read_text())
    except (OSError, ValueError):
        return
    for number, seconds in ((signal.SIGTERM, TO_STOP), (signal.SIGKILL, TO_DIE)):
        if not _is_ours(pid, folder):
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        patience = Patience(seconds, say)
        while _is_ours(pid, folder):
            if not patience.nap(_("Waiting for the database server of an earlier run to stop."), 0.02):
                break


def _is_ours(pid: int, folder: DataFolder) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return {os.fsencode(folder.files), f"./{OWN_SOCKET}".encode()} <= set(words)
