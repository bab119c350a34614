"""The command line as people meet it: real processes on a database of their own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from stratplan import __version__
from stratplan.audit import AuditEntry
from stratplan.cli import main
from stratplan.settings import Settings
from tests.factories import Made

ROOT = Path(__file__).parent.parent
PLAN = ROOT / "seeds" / "daugavpils-2015-2017.yaml"
SOON = 60.0  # seconds, on a machine that does much else


def environment(data: Path, **settings: str) -> dict[str, str]:
    """The variables of this process with no setting but those given."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("STRATPLAN_")}
    named = {f"STRATPLAN_{name.upper()}": value for name, value in settings.items()}
    return {**ours, "PYTHONPATH": str(ROOT), "STRATPLAN_DATA_DIR": str(data), "STRATPLAN_LANGUAGE": "en", **named}


def start(data: Path, *words: str, **settings: str) -> subprocess.Popen[str]:
    """The command, started in the data folder, where no .env lies."""
    return subprocess.Popen(
        [sys.executable, "-m", "stratplan.cli", *words],
        env=environment(data, **settings),
        cwd=data,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(data: Path, *words: str, **settings: str) -> tuple[int, str, str]:
    """The command's exit status, output and messages."""
    process = start(data, *words, **settings)
    said, told = process.communicate(timeout=SOON)
    return process.returncode, said, told


def mongods(data: Path) -> list[int]:
    """The MongoDB servers that work on a data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"mongod" in Path(os.fsdecode(words[0])).name.encode() and any(os.fsencode(data) in word for word in words):
            found.append(int(folder.name))
    return found


@dataclass
class Running:
    """A server that serves, and what it has said on the way."""

    data: Path
    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> str:
        return self.address.rpartition(":")[2]


def serving(data: Path, *words: str) -> Running:
    """A server started on a free port, once it serves."""
    process = start(data, *words, "--port", "0")
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if found is None:
        process.kill()
        raise AssertionError(line + str(process.communicate()))
    return Running(data, process, found[0])


def page(address: str) -> str:
    """The page at an address, in Latvian."""
    with urlopen(address, timeout=SOON) as answer:
        text: str = answer.read().decode()
    return text


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="sp-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def demo(data: Path) -> Iterator[Running]:
    """A demonstration that serves; what it leaves behind is the tests' to say."""
    server = serving(data, "demo")
    yield server
    if server.process.poll() is None:
        server.process.terminate()
        server.process.communicate(timeout=SOON)


def test_the_demonstration_loads_its_plan_and_serves_it(demo: Running) -> None:
    assert demo.address.startswith("http://127.0.0.1:")
    assert "GMI" in page(f"{demo.address}/plans/daugavpils-2015-2017/terms")


def test_a_second_server_on_the_same_data_is_refused(demo: Running) -> None:
    status, said, told = run(demo.data, "serve", "--port", "0")
    assert (status, said) == (1, "")
    assert re.fullmatch(rf"stratplan: The data folder \S+ is already served by process {demo.process.pid}\..*\n", told)


def test_other_commands_use_the_database_that_runs(demo: Running) -> None:
    assert len(mongods(demo.data)) == 1
    status, said, told = run(demo.data, "seed", str(PLAN))
    assert (status, told) == (0, "")
    assert "There already: 1 organisation, 1 plan" in said
    assert "18 tasks" in said
    assert len(mongods(demo.data)) == 1


def test_the_figures_of_a_plan_are_printed_for_programs(demo: Running) -> None:
    status, said, _ = run(demo.data, "figures", "daugavpils-2015-2017", "--json", "--as-of", "2016-09-30")
    assert status == 0
    assert json.loads(said)


def test_a_port_that_is_taken_is_refused_before_anything_is_written(demo: Running, tmp_path: Path) -> None:
    status, _, told = run(tmp_path, "serve", "--port", demo.port)
    assert status == 1
    assert told.splitlines()[-1] == (
        f"stratplan: Port {demo.port} on 127.0.0.1 cannot be used (Address already in use). Choose another with --port."
    )
    assert mongods(tmp_path) == []


def test_a_file_with_mistakes_is_refused_line_by_line(demo: Running, tmp_path: Path) -> None:
    text = PLAN.read_text(encoding="utf-8").replace("slug: daug", "slug: new-daug").replace("goal: SM3", "goal: SM4")
    file = tmp_path / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    status, said, told = run(demo.data, "seed", str(file))
    assert (status, said) == (1, "")
    lines = told.splitlines()
    assert lines[0] == f"stratplan: {file} was not loaded; nothing was changed."
    place = next(number for number, line in enumerate(text.splitlines(), start=1) if "goal: SM4" in line)
    assert lines[1] == f"{file}:{place}: tasks[15].goal: “SM4” is neither in the file nor in the plan."


# From here on the order matters: the demonstration is stopped.


@pytest.mark.parametrize(("sent", "words"), [(signal.SIGINT, ["demo"]), (signal.SIGTERM, ["serve"])])
def test_a_signal_stops_server_and_database_in_order(
    sent: signal.Signals, words: list[str], data: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("demo") if words == ["demo"] else serving(data, *words)
    assert mongods(data)
    server.process.send_signal(sent)
    said, told = server.process.communicate(timeout=SOON)
    assert server.process.returncode == 0
    assert "Traceback" not in said + told
    assert mongods(data) == []
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(server.port)), timeout=5)


def test_a_stopped_demonstration_starts_again_with_what_it_had(data: Path, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("demo").process.wait(SOON)
    began = time.monotonic()
    server = serving(data, "demo")
    took = time.monotonic() - began
    server.process.terminate()
    _, told = server.process.communicate(timeout=SOON)
    assert "loading" not in told
    assert took < SOON / 4


def invoke(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str, **settings: str) -> Result:
    """The command within this process, for what ends before it opens a database."""
    monkeypatch.chdir(folder)
    env = {name: None for name in os.environ if name.startswith("STRATPLAN_")} | environment(folder, **settings)
    # In a context of its own: a command sets the language for the rest of its process.
    return copy_context().run(CliRunner(env=env).invoke, main, list(words))


@pytest.mark.parametrize(
    ("words", "settings", "sentence"),
    [
        (["serve", "--host", "0.0.0.0"], {}, "STRATPLAN_ADDRESS"),
        (["demo"], {"host": "192.168.1.10"}, "STRATPLAN_ADDRESS"),
        (["serve"], {"port": "eighty"}, "Iestatījums STRATPLAN_PORT nav derīgs"),
        (["serve", "--port", "0"], {"mongod": "/nowhere/mongod"}, "/nowhere/mongod"),
    ],
    ids=["host", "host in settings", "port", "mongod"],
)
def test_what_cannot_start_says_so_in_one_sentence(
    words: list[str], settings: dict[str, str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke(tmp_path, monkeypatch, *words, **settings)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("stratplan: ")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500", "No MongoDB server answers"),
        ("http://127.0.0.1/", "STRATPLAN_MONGODB_URI is not a MongoDB address"),
    ],
    ids=["silent", "nonsense"],
)
def test_a_database_that_cannot_be_reached_is_told_in_one_sentence(uri: str, sentence: str, tmp_path: Path) -> None:
    status, said, told = run(tmp_path, "serve", "--port", "0", mongodb_uri=uri)
    assert (status, said) == (1, "")
    assert told.startswith(f"stratplan: {sentence}")
    assert told.count("\n") == 1


def test_settings_are_read_from_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("STRATPLAN_HOST=192.168.1.10\n")
    assert "192.168.1.10" in invoke(tmp_path, monkeypatch, "serve").stderr
    (tmp_path / ".env").write_bytes(b"STRATPLAN_HOST=\xc4\n")
    result = invoke(tmp_path, monkeypatch, "serve")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert ".env" in result.stderr


def test_every_command_explains_itself_without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in [[], *([name] for name in main.commands)]:
        result = invoke(tmp_path, monkeypatch, *words, "--help", port="none")
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
    assert invoke(tmp_path, monkeypatch, "--version").stdout == f"stratplan, version {__version__}\n"


async def test_the_check_of_the_history_says_by_its_status_whether_all_fits(
    made: Made, mongo_uri: str, settings: Settings, tmp_path: Path
) -> None:
    async def verified(*more: str) -> tuple[int, str]:
        ours = {"mongodb_uri": mongo_uri, "mongodb_database": settings.mongodb_database}
        status, said, _ = await asyncio.to_thread(run, tmp_path, "audit", "verify", *more, **ours)
        return status, said

    assert await verified() == (0, "6 entries in 2 chains: all fit. 6 documents: all as their history says.\n")
    changed = {"$set": {"by": "somebody else"}}
    await AuditEntry.get_motor_collection().update_one({"scope": made.scope, "number": 2}, changed)
    status, said = await verified("--plan", made.plan.slug)
    assert status == 1
    assert said.startswith(f"Plan “{made.plan.title}”: Entry 2 (")
    assert "source.created): its content was changed" in said
    assert (await verified("--plan", "none"))[0] == 1
