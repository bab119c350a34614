"""The private server as commands see it: one process owns it, others use it, and it outlives whoever is killed."""

from __future__ import annotations

import contextvars
import logging
import os
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType

from pymongo.errors import PyMongoError

from stratplan.embedded import data_folder, sockets
from stratplan.embedded.data_folder import DataFolder, FreeSpace
from stratplan.embedded.locks import Lock
from stratplan.embedded.mongod import TO_DIE, TO_STOP, Mongod, end_orphan
from stratplan.embedded.programs import Program, find_program
from stratplan.embedded.waiting import Patience, Say
from stratplan.errors import DatabaseUnavailable
from stratplan.i18n import _

log = logging.getLogger(__name__)

# Seconds.
FOR_USERS = 30.0
FOR_OWNER = 120.0

MOST_DEATHS = 5
DEATHS_COUNTED_FOR = 60.0


@contextmanager
def private_mongod(
    data_dir: Path,
    *,
    binary: Path | None = None,
    say: Say,
    serving: bool = False,
    free_space: FreeSpace = data_folder.free_space,
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


class PrivateMongod:
    """The MongoDB server of one data folder, as this process sees it: its owner, or a user of another's.

    The owner starts mongod, starts it again when it dies, and stops it when no one uses it any more. A process that
    finds it running uses it; if its owner is killed, a user becomes the owner.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        binary: Path | None = None,
        say: Say,
        serving: bool = False,
        free_space: FreeSpace = data_folder.free_space,
    ) -> None:
        self._folder = DataFolder(data_dir.expanduser().resolve())
        self._named = binary
        self._say = say
        self._serving = serving
        self._free_space = free_space
        self._owner = Lock(self._folder.database / "owner.lock")
        self._users = Lock(self._folder.database / "users.lock")
        self._server = Lock(self._folder.database / "serve.lock")
        self._socket_folder = self._folder.database
        self._mongod: Mongod | None = None
        self._keeper: threading.Thread | None = None
        self._ready: Future[None] = Future()
        self._stopping = threading.Event()
        self._guard = threading.Lock()

    @property
    def owns(self) -> bool:
        """Whether this process is the one that runs mongod."""
        return self._owner.held

    # ---- Starting and stopping

    def start(self) -> str:
        """Start the server, or find the one that runs; returns its address once it can be written to.

        Raises DatabaseUnavailable, with everything as it was before, when that cannot be.
        """
        try:
            if not self._folder.database.is_dir():
                self._usable_program()  # whatever is wrong is better found before anything is made
            self._folder.make()
            if self._serving:
                self._be_the_only_server()
            return self._own_or_use()
        except OSError as error:
            self.stop()
            raise self._folder.unusable(error) from None
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server if this process owns it, once the other commands have finished, and let the folder go."""
        alone = False
        try:
            if self.owns:
                alone = self._wait_for_users() if self._mongod and self._mongod.runs else self._users.take()
        except (KeyboardInterrupt, SystemExit):
            # The person asked a second time: the others have to do without.
            log.info("The database server is stopped while other commands use it.")
        try:
            with self._guard:
                self._stopping.set()
                if self._mongod:
                    self._mongod.terminate()
            self._wait_for_keeper()
            if alone:
                self._take_sockets_away()
        finally:
            for lock in (self._owner, self._users, self._server):
                lock.release()

    def _own_or_use(self) -> str:
        patience = Patience(FOR_OWNER, self._say)
        while True:
            if self._owner.take():
                program = self._take_charge()
                self._beside(partial(self._keep, program))
                self._ready.result()
                return sockets.address(self._socket_folder / sockets.SOCKET)
            uses = not self._serving and self._users.take(shared=True)
            owner = self._owner.note()
            if uses and owner.get("ready") and sockets.accepts(Path(owner["socket"])):
                self._ready.set_result(None)
                self._beside(self._wait_to_inherit)
                return sockets.address(Path(owner["socket"]))
            about = {"pid": owner.get("pid", "?"), "folder": self._folder.path}
            if not patience.nap(
                _("Waiting for another stratplan command (process %(pid)s), which works with the database.") % about
            ):
                raise DatabaseUnavailable(
                    _(
                        "Process %(pid)s works with the database in %(folder)s and does not let it go. "
                        "Wait until it ends, or stop it, and start again."
                    )
                    % about
                )

    def _be_the_only_server(self) -> None:
        if not self._server.take():
            raise DatabaseUnavailable(
                _(
                    "The data folder %(folder)s is already served by process %(pid)s. Use that server, "
                    "or stop it first, or name another folder in STRATPLAN_DATA_DIR."
                )
                % {"folder": self._folder.path, "pid": self._server.note().get("pid", "?")}
            )
        self._server.write(pid=os.getpid())

    def _beside(self, work: Callable[[], None]) -> None:
        context = contextvars.copy_context()  # carries the language
        self._keeper = threading.Thread(target=context.run, args=(work,), name="mongod-keeper", daemon=True)
        self._keeper.start()

    def _wait_for_users(self) -> bool:
        patience = Patience(FOR_USERS, self._say, said_after=0.2)
        while not self._users.take():
            if not patience.nap(_("Waiting for other stratplan commands to finish with the database.")):
                self._say(_("The database server is stopped now; the other commands start it again for themselves."))
                return False
        return True

    def _wait_for_keeper(self) -> None:
        if self._keeper is None:
            return
        self._keeper.join(TO_DIE)
        if self._keeper.is_alive():
            self._say(_("The database server is still stopping."))
            self._keeper.join(TO_STOP)
        if self._keeper.is_alive() and self._mongod:
            self._mongod.kill()
            self._say(_("The database server did not stop in time and was ended; every confirmed change is safe."))
            self._keeper.join(TO_DIE)

    def _take_sockets_away(self) -> None:
        for name in (sockets.SOCKET, sockets.OWN_SOCKET):
            (self._socket_folder / name).unlink(missing_ok=True)
        if self._socket_folder != self._folder.database:
            with suppress(OSError):
                self._socket_folder.rmdir()

    # ---- Owning

    def _usable_program(self) -> Program:
        program = find_program(self._named)
        self._folder.check_space(self._free_space)
        return program

    def _take_charge(self) -> Program:
        """Prepare to run mongod as the owner of the folder: no other runs on it, and its socket has a place."""
        self._owner.write(pid=os.getpid(), ready=False)
        program = self._usable_program()
        end_orphan(self._folder, self._say)
        self._socket_folder = sockets.choose_folder(self._folder, self._owner.note().get("socket"))
        self._owner.write(socket=str(self._socket_folder / sockets.SOCKET))
        return program

    def _keep(self, program: Program) -> None:
        """Run the server, and run it again when it dies, until it is to stop or dies too often."""
        try:
            self._run_again_and_again(program)
        finally:
            self._ready.cancel()  # nobody waits for ever, whatever happened here

    def _run_again_and_again(self, program: Program) -> None:
        fresh = not self._folder.files.exists()
        deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        while True:
            try:
                mongod = self._launch(program)
            except (DatabaseUnavailable, OSError, PyMongoError) as error:
                if not self._ready.done():
                    if fresh:
                        shutil.rmtree(self._folder.files, ignore_errors=True)
                    self._ready.set_exception(error)
                    return
                if not self._stopping.is_set():
                    log.error("The database server could not be started again: %s", error)
            else:
                if not self._ready.done():
                    self._ready.set_result(None)
                mongod.watch()
            if self._stopping.is_set():
                return
            deaths.append(time.monotonic())
            if len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < DEATHS_COUNTED_FOR:
                log.critical(
                    "The database server ended %d times within a minute and is not started again; its log is %s.",
                    MOST_DEATHS,
                    self._folder.log,
                )
                return
            log.warning("The database server ended unexpectedly and is started again; its log is %s.", self._folder.log)
            if self._stopping.wait(0.5 * (len(deaths) - 1)):
                return

    def _launch(self, program: Program) -> Mongod:
        """Start mongod and return it when it can be written to."""
        self._folder.files.mkdir(mode=0o700, exist_ok=True)
        written_by = self._owner.note().get("mongod")
        with self._guard:
            if self._stopping.is_set():
                raise DatabaseUnavailable(_("The database server was stopped while it started."))
            mongod = self._mongod = Mongod(program, self._folder, self._socket_folder, written_by=written_by)
        try:
            mongod.wait_until_writable(self._say)
            self._owner.write(mongod=program.version, ready=True)
        except BaseException:
            mongod.end()
            raise
        return mongod

    def _wait_to_inherit(self) -> None:
        """Take charge if the owner of the server that is used here ends before this process does."""
        while not self._stopping.wait(0.1):
            if not self._owner.take():
                continue
            log.warning("The owner of the database server ended; this process starts the server again.")
            try:
                self._keep(self._take_charge())
            except (DatabaseUnavailable, OSError) as error:
                log.error("The database server could not be started again: %s", error)
                self._owner.release()
            return
