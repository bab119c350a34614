"""The private MongoDB server: found, started, shared, watched and stopped, on the real program."""

import contextvars
import errno
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from stratplan.embedded import mongod, server, sockets
from stratplan.embedded.locks import Lock
from stratplan.embedded.programs import find_program
from stratplan.embedded.server import PrivateMongod, private_mongod
from stratplan.errors import DatabaseUnavailable
from stratplan.i18n import use_language

ACKNOWLEDGED = WriteConcern("majority", j=True)

# A command in a process of its own: writes number after number, and tells each one once it was confirmed.
COMMAND = """
import signal, sys, time
from pathlib import Path
from pymongo import MongoClient, WriteConcern
from stratplan.embedded.server import private_mongod

# As in a terminal: a run in the background hands down that Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with private_mongod(Path(sys.argv[1]), say=print) as address, MongoClient(address) as client:
    notes = client.test.get_collection("notes", write_concern=WriteConcern("majority", j=True))
    for number in range(int(sys.argv[2])):
        notes.insert_one({"_id": number})
        print(number, flush=True)
    print("idle", flush=True)
    time.sleep(60)
"""


def quiet(_sentence: str) -> None:
    """Tell nobody."""


def is_running(folder: Path) -> bool:
    """Whether any mongod works on data below `folder`."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = path.read_bytes()
            if b"--dbpath" in command and os.fsencode(folder) in command:
                return True
    return False


def mongod_pid(folder: Path) -> int:
    """The process that mongod noted in its data."""
    return int((folder / "database" / "mongodb" / "mongod.lock").read_text())


def beside(work: Callable[[], Any]) -> threading.Thread:
    """Does `work` in a thread, in the language of this one."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
    thread.start()
    return thread


def owners_note(folder: Path) -> dict[str, Any]:
    """What the owner of the data tells the other commands."""
    return Lock(folder / "database" / "owner.lock").note()


def eventually(question: Callable[[], Any], seconds: float = 10) -> Any:
    """The first true answer to `question`; fails when there is none in time."""
    patience = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < patience, "it did not happen in time"
        time.sleep(0.02)
    return answer


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Sentences as they are written in the code."""
    with use_language("en"):
        yield


@pytest.fixture(scope="module", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Whatever the tests start, they end."""
    yield
    assert not is_running(Path(tempfile.gettempdir()) / f"sp-emb-{os.getpid()}")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Path, str]]:
    """A data folder with its running server, and the server's address."""
    with (
        tempfile.TemporaryDirectory(prefix=f"sp-emb-{os.getpid()}-") as name,
        private_mongod(Path(name), say=quiet, serving=True) as address,
    ):
        yield Path(name), address


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix=f"sp-emb-{os.getpid()}-") as name:
        yield Path(name) / "var"


@pytest.fixture
def command(folder: Path) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """Starts a command in a process group of its own that writes so many numbers and then idles."""
    started: list[subprocess.Popen[str]] = []

    def start(count: int) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, folder, str(count)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()
    eventually(lambda: not is_running(folder))


def told(process: subprocess.Popen[str], line: str) -> list[str]:
    """What `process` printed up to and with `line`."""
    assert process.stdout
    lines = []
    while not lines or lines[-1] != line:
        lines.append(process.stdout.readline().rstrip("\n"))
        assert lines[-1], f"it ended after {lines}"
    return lines


def program(folder: Path, script: str) -> Path:
    """A program in `folder` called mongod that does what the shell `script` says."""
    path = folder / "mongod"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def refusal(folder: Path, **how: Any) -> str:
    """The one sentence or two with which the server of `folder` refuses to start."""
    with pytest.raises(DatabaseUnavailable) as refused, private_mongod(folder, say=quiet, **how):
        pass
    assert "\n" not in str(refused.value)
    return str(refused.value)


# --- The program ------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any mongod."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)


def test_mongod_is_the_one_named_else_the_one_on_the_path_else_the_one_installed_with_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "named").mkdir()
    (tmp_path / "path").mkdir()
    named = program(tmp_path / "named", "echo db version v8.0.1")
    on_path = program(tmp_path / "path", "echo db version v5.0.0")
    monkeypatch.setenv("PATH", f"{on_path.parent}:/usr/bin:/bin")
    assert find_program(named).path == named
    assert find_program(None).path == on_path
    program(tmp_path / "path", "echo db version v4.4.29")
    assert find_program(None).path.parts[-4:] == ("fiftyone", "db", "bin", "mongod")


@pytest.mark.usefixtures("no_program")
def test_without_a_mongod_the_three_ways_out_are_named_and_nothing_is_made(folder: Path) -> None:
    sentence = refusal(folder)
    assert all(way in sentence for way in ("embedded", "STRATPLAN_MONGOD,", "STRATPLAN_MONGODB_URI"))
    assert not folder.exists()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo db version v4.4.29", "is MongoDB 4.4.29; stratplan needs 5.0 or newer"),
        ("kill -ILL $$", "needs a processor with AVX"),
        ("echo libcrypto.so.1.1: cannot open shared object file >&2; exit 127", "(libcrypto.so.1.1: cannot open"),
        ("echo hello", "does not run on this machine"),
    ],
)
def test_a_mongod_that_is_of_no_use_is_refused_before_anything_is_made(
    folder: Path, tmp_path: Path, script: str, expected: str
) -> None:
    assert expected in refusal(folder, binary=program(tmp_path, script))
    assert not folder.exists()


def test_a_named_mongod_that_cannot_be_run_is_refused(folder: Path, tmp_path: Path) -> None:
    plain = tmp_path / "mongod"
    assert "is not a program that can be run" in refusal(folder, binary=plain)
    plain.write_text("no program")
    assert "is not a program that can be run" in refusal(folder, binary=plain)


# --- The data folder --------------------------------------------------------------------------------------------------


def test_a_file_in_place_of_the_data_folder_is_refused_and_kept(folder: Path) -> None:
    folder.write_text("mine")
    assert f"{folder} is a file" in refusal(folder)
    assert folder.read_text() == "mine"


def test_a_data_folder_that_cannot_be_written_to_is_refused() -> None:
    # Not even root makes folders in /proc.
    assert "The data folder /proc/sys/var cannot be used" in refusal(Path("/proc/sys/var"), free_space=lambda _: 10**12)


def test_a_nearly_full_disk_is_refused_before_anything_is_made(folder: Path) -> None:
    assert "has only 150 MB free; the database needs 200 MB" in refusal(folder, free_space=lambda _: 150 * 1024**2)
    assert not folder.exists()


def test_a_disk_that_fills_up_during_the_first_start_is_named_and_leaves_no_half_made_data(
    folder: Path, tmp_path: Path
) -> None:
    complaint = {"s": "E", "msg": "WiredTiger error message", "attr": {"error_str": "No space left on device"}}
    (tmp_path / "complaint").write_text(json.dumps(complaint) + "\n")
    script = f"""
        test "$1" = --version && echo db version v6.0.5 && exit
        touch "$2/WiredTiger"
        cat {tmp_path}/complaint >> {folder}/database/mongod.log
        exit 14"""
    assert f"The disk of the data folder {folder} is full" in refusal(folder, binary=program(tmp_path, script))
    assert not (folder / "database" / "mongodb").exists()


def test_a_mongod_that_ends_at_once_is_told_with_its_log_which_is_put_aside_when_it_grew_large(
    folder: Path, tmp_path: Path
) -> None:
    database = folder / "database"
    database.mkdir(parents=True)
    (database / "mongod.log").write_bytes(b"old\n" * (mongod.LARGEST_LOG // 4))
    (database / "mongod.log.1").write_text("older")
    script = "test $1 = --version && echo db version v6.0.5 && exit; exit 48"
    sentence = refusal(folder, binary=program(tmp_path, script))
    assert sentence.startswith(
        f"The database server ended while it started (48). Its log {database / 'mongod.log'} may"
    )
    assert [path.stat().st_size for path in database.glob("mongod.log*")] == [mongod.LARGEST_LOG]


def test_data_that_another_mongod_works_with_are_refused_and_left_to_it(folder: Path) -> None:
    files = folder / "database" / "mongodb"
    files.mkdir(parents=True)
    strange = subprocess.Popen(
        [find_program(None).path, "--dbpath", files, "--bind_ip", folder / "strange.sock", "--nounixsocket"],
        stdout=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: sockets.accepts(folder / "strange.sock"))
        assert f"Another MongoDB server already uses the data in {folder}." in refusal(folder)
        with MongoClient[dict[str, Any]](sockets.address(folder / "strange.sock")) as client:
            assert client.admin.command("ping")["ok"]
    finally:
        strange.terminate()
        assert strange.wait(10) == 0


@pytest.fixture
def refuse_sockets(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[Path]]:
    """Makes the disk below a folder refuse sockets, and returns a list of the folders where one is tried then."""

    def refuse(below: Path) -> list[Path]:
        tried: list[Path] = []

        class Socket(socket.socket):
            def bind(self, address: Any) -> None:
                tried.append(Path(address).parent)
                if Path(address).is_relative_to(below):
                    raise OSError(errno.EPERM, os.strerror(errno.EPERM))
                super().bind(address)

        monkeypatch.setattr(socket, "socket", Socket)
        return tried

    return refuse


def test_where_no_disk_takes_sockets_the_folder_is_refused_and_nothing_stays_behind(
    folder: Path, refuse_sockets: Callable[[Path], list[Path]]
) -> None:
    tried = refuse_sockets(Path("/"))
    sentence = refusal(folder)
    assert f"No unix socket can be made for the data folder {folder} (Operation not permitted)" in sentence
    assert tried[0] == folder / "database"
    assert len(tried) > 1
    assert not any(elsewhere.exists() for elsewhere in tried[1:])
    assert not (folder / "database" / "mongodb").exists()


def test_when_the_disk_of_the_data_refuses_sockets_they_lie_in_a_private_folder_elsewhere(
    folder: Path, refuse_sockets: Callable[[Path], list[Path]]
) -> None:
    tried = refuse_sockets(folder)
    with private_mongod(folder, say=quiet) as address, MongoClient[dict[str, Any]](address) as client:
        assert client.admin.command("hello")["isWritablePrimary"]
        elsewhere = Path(owners_note(folder)["socket"]).parent
        assert tried == [folder / "database", elsewhere]
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    assert not elsewhere.exists()


# --- One server, many commands ----------------------------------------------------------------------------------------


def test_only_the_owner_of_the_folder_reaches_the_server_and_no_tcp_port_is_open(served: tuple[Path, str]) -> None:
    folder, _address = served
    database = folder / "database"
    assert stat.S_IMODE(database.stat().st_mode) == 0o700
    assert stat.S_IMODE((database / "mongodb").stat().st_mode) == 0o700
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in database.rglob("*"))
    process = Path("/proc") / str(mongod_pid(folder))
    links = []
    for link in (process / "fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            links.append(os.readlink(link))  # noqa: PTH115 - it is no path: socket:[123]
    inodes = {link[len("socket:[") : -1] for link in links if link.startswith("socket:")}
    assert inodes
    internet = [
        line.split()[9]
        for name in ("tcp", "tcp6", "udp", "udp6")
        for line in (process / "net" / name).read_text().splitlines()[1:]
    ]
    assert inodes.isdisjoint(internet)
    bound = [
        line.split()[7]
        for line in (process / "net" / "unix").read_text().splitlines()[1:]
        if line.split()[6] in inodes and len(line.split()) > 7
    ]
    assert set(bound) == {f"./{sockets.OWN_SOCKET}"}


def test_the_server_has_transactions_and_change_streams(served: tuple[Path, str]) -> None:
    with MongoClient[dict[str, Any]](served[1]) as client, client.start_session() as session:
        notes = client.test.get_collection("transactions", write_concern=ACKNOWLEDGED)
        with notes.watch() as changes:
            session.with_transaction(lambda inside: notes.insert_one({"_id": 1}, session=inside))
            assert changes.next()["documentKey"] == {"_id": 1}
    with MongoClient[dict[str, Any]](served[1]) as client, client.start_session(snapshot=True) as session:
        assert client.test.transactions.count_documents({}, session=session) == 1


def test_an_index_on_documents_that_are_there_already_is_built(served: tuple[Path, str]) -> None:
    """mongod votes for such an index over its own socket; the first start after an upgrade makes some."""
    with MongoClient[dict[str, Any]](served[1], timeoutMS=5000) as client:
        client.test.filled.insert_many([{"number": number} for number in range(10)])
        client.test.filled.create_index("number")
        assert "number_1" in client.test.filled.index_information()


def test_a_second_server_on_the_same_data_is_refused_and_told_which_process_serves(served: tuple[Path, str]) -> None:
    folder, _address = served
    sentence = refusal(folder, serving=True)
    assert f"The data folder {folder} is already served by process {os.getpid()}" in sentence
    assert "STRATPLAN_DATA_DIR" in sentence


def test_another_command_uses_the_server_that_runs_and_leaves_it_running(served: tuple[Path, str]) -> None:
    folder, address = served
    before = mongod_pid(folder)
    with private_mongod(folder, binary=Path("/needed/by/nobody"), say=quiet) as same:
        assert same == address
    assert mongod_pid(folder) == before
    with MongoClient[dict[str, Any]](address) as client:
        assert client.admin.command("hello")["isWritablePrimary"]


def test_a_killed_mongod_is_started_again_and_connected_clients_go_on(served: tuple[Path, str]) -> None:
    folder, address = served
    with MongoClient[dict[str, Any]](address, serverSelectionTimeoutMS=10_000) as client:
        notes = client.test.get_collection("killed", write_concern=ACKNOWLEDGED)
        notes.insert_many([{"_id": number} for number in range(100)])
        before = mongod_pid(folder)
        os.kill(before, signal.SIGKILL)
        notes.insert_one({"_id": 100})
        assert notes.count_documents({}) == 101
    assert mongod_pid(folder) != before


def test_no_confirmed_write_is_lost_when_owner_and_mongod_are_killed_while_writing(
    folder: Path, command: Callable[[int], subprocess.Popen[str]]
) -> None:
    writer = command(100_000)
    told(writer, "40")
    os.kill(mongod_pid(folder), signal.SIGKILL)
    writer.kill()
    assert writer.stdout
    confirmed = 40 + len([line for line in writer.stdout.read().splitlines() if line.isdigit()])
    with private_mongod(folder, say=quiet) as address, MongoClient[dict[str, Any]](address) as client:
        kept = {note["_id"] for note in client.test.notes.find()}
        assert set(range(confirmed + 1)) <= kept
    assert not is_running(folder)


def test_a_command_goes_on_when_the_owner_of_its_server_is_killed_or_does_not_wait_longer(
    folder: Path, command: Callable[[int], subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "FOR_USERS", 0.1)
    owner = command(1)
    told(owner, "idle")
    one, other = PrivateMongod(folder, say=quiet), PrivateMongod(folder, say=quiet)
    try:
        address = one.start()
        assert other.start() == address
        with MongoClient[dict[str, Any]](address) as client:
            notes = client.test.get_collection("notes", write_concern=ACKNOWLEDGED)
            owner.kill()
            eventually(lambda: owners_note(folder).get("pid") == os.getpid() and owners_note(folder).get("ready"))
            notes.insert_one({"_id": 1})
            heir, last = (one, other) if one.owns else (other, one)
            heir.stop()
            eventually(lambda: last.owns and owners_note(folder).get("ready"))
            notes.insert_one({"_id": 2})
            assert notes.count_documents({}) == 3
    finally:
        one.stop()
        other.stop()
    assert not is_running(folder)


def test_a_server_waits_for_the_command_that_owns_the_database_which_ends_in_order_on_sigterm(
    folder: Path, command: Callable[[int], subprocess.Popen[str]]
) -> None:
    owner = command(3)
    told(owner, "idle")
    said: list[str] = []
    served = PrivateMongod(folder, say=said.append, serving=True)
    starting = beside(served.start)
    try:
        eventually(lambda: said)
        assert said == [f"Waiting for another stratplan command (process {owner.pid}), which works with the database."]
        assert "already served" in refusal(folder, serving=True)
        owner.terminate()
        assert owner.wait(10) == 128 + signal.SIGTERM
    finally:
        starting.join()
        served.stop()
    assert (folder / "database" / "mongod.log").read_text().count('"exitCode":0') == 2


def test_ctrl_c_reaches_the_command_alone_and_a_moved_data_folder_is_as_good_as_before(
    folder: Path, command: Callable[[int], subprocess.Popen[str]]
) -> None:
    owner = command(5)
    told(owner, "idle")
    os.killpg(owner.pid, signal.SIGINT)
    assert owner.wait(10) != 0
    assert not is_running(folder)
    assert '"exitCode":0' in (folder / "database" / "mongod.log").read_text()
    assert not list((folder / "database").glob("*.sock"))
    # Too long a path for a unix socket, and letters that an address has to escape.
    moved = folder.parent / "Ķekavas dati, 100 %" / ("garš" * 20) / "Var"
    moved.parent.mkdir(parents=True)
    folder.rename(moved)
    with private_mongod(moved, say=quiet) as address, private_mongod(moved, say=quiet) as same:
        assert same == address
        short = Path(owners_note(moved)["socket"]).parent
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
        with MongoClient[dict[str, Any]](address) as client:
            assert client.test.notes.count_documents({}) == 5
    assert not short.exists()


def test_data_whose_server_knew_itself_by_another_name_are_served_again(folder: Path) -> None:
    with private_mongod(folder, say=quiet) as address, MongoClient[dict[str, Any]](address) as client:
        client.test.notes.with_options(write_concern=ACKNOWLEDGED).insert_one({"_id": 1})
        config = client.admin.command("replSetGetConfig")["config"]
        config["members"][0]["host"] = "./another.sock"
        config["version"] += 1
        with suppress(PyMongoError):  # it no longer finds itself in its set
            client.admin.command("replSetReconfig", config, force=True)
    with private_mongod(folder, say=quiet) as address, MongoClient[dict[str, Any]](address) as client:
        assert client.test.notes.count_documents({}) == 1
        client.test.notes.with_options(write_concern=ACKNOWLEDGED).insert_one({"_id": 2})


def test_data_of_another_version_are_refused_and_left_alone_and_deaths_in_a_row_are_not_repeated_for_ever(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "MOST_DEATHS", 2)
    turtle = folder / "database" / "mongodb" / "WiredTiger.turtle"
    with private_mongod(folder, say=quiet):
        process = mongod_pid(folder)
        now = re.sub(r"version=\(major=\d+", "version=(major=99", turtle.read_text())
        turtle.write_text(now)
        os.kill(process, signal.SIGKILL)
        eventually(lambda: "is not started again" in caplog.text)
    assert caplog.text.count("could not be started again: The data in") == 1
    files = sorted(turtle.parent.iterdir())
    sentence = refusal(folder)
    assert f"The data in {folder} were written by another version of MongoDB (6.0.5)" in sentence
    assert "STRATPLAN_MONGOD" in sentence
    assert sorted(turtle.parent.iterdir()) == files
    other = program(tmp_path, "test $1 = --version && echo db version v9.1.0 && exit; exit 62")
    for _attempt in ("first", "second"):  # having failed on them does not make it their writer
        assert f"MongoDB (6.0.5) than {other}, which is 9.1.0" in refusal(folder, binary=other)


def test_the_owner_stops_the_server_only_when_the_commands_that_use_it_have_finished(folder: Path) -> None:
    said: list[str] = []
    owner, user = PrivateMongod(folder, say=said.append), PrivateMongod(folder, say=quiet)
    owner.start()
    user.start()
    stopping = beside(owner.stop)
    try:
        eventually(lambda: said)
        assert said == ["Waiting for other stratplan commands to finish with the database."]
        assert is_running(folder)
    finally:
        user.stop()
        stopping.join()
    assert not is_running(folder)
