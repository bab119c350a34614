"""The data folder: what lies where in it, and whether a database can be kept there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stratplan.errors import DatabaseUnavailable
from stratplan.i18n import _

NEEDED_SPACE = 200 * 1024**2

FreeSpace = Callable[[Path], int]


def free_space(folder: Path) -> int:
    """The bytes that are free on the disk of `folder`."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The folder that STRATPLAN_DATA_DIR names; the database lies in a folder of its own inside."""

    path: Path

    @property
    def database(self) -> Path:
        """Everything of the database: its files, its log, its sockets, its locks."""
        return self.path / "database"

    @property
    def files(self) -> Path:
        """Where mongod keeps the data."""
        return self.database / "mongodb"

    @property
    def log(self) -> Path:
        """Where mongod writes its log."""
        return self.database / "mongod.log"

    def make(self) -> None:
        """Make the folders that are missing; what was there stays."""
        for path in (self.database, *self.database.parents):
            if path.is_file():
                raise DatabaseUnavailable(
                    _(
                        "%(path)s is a file, but a folder for the data is needed there. "
                        "Move it away, or name another folder in STRATPLAN_DATA_DIR."
                    )
                    % {"path": path}
                )
        self.path.mkdir(parents=True, exist_ok=True)
        self.database.mkdir(mode=0o700, exist_ok=True)
        if self.database.stat().st_mode & 0o077:
            self.database.chmod(0o700)

    def check_space(self, free_space: FreeSpace) -> None:
        """Refuse a disk that is nearly full, also before the folder is made."""
        disk = next(path for path in (self.database, *self.database.parents) if path.is_dir())
        free = free_space(disk)
        if free < NEEDED_SPACE:
            raise DatabaseUnavailable(
                _(
                    "The disk of the data folder %(folder)s has only %(free)s MB free; the database needs "
                    "%(needed)s MB. Free some space, or name another folder in STRATPLAN_DATA_DIR."
                )
                % {"folder": self.path, "free": free // 1024**2, "needed": NEEDED_SPACE // 1024**2}
            )

    def unusable(self, error: OSError) -> DatabaseUnavailable:
        """What is said when the system refuses the folder."""
        return DatabaseUnavailable(
            _(
                "The data folder %(folder)s cannot be used (%(reason)s). "
                "Make it a folder that you may write to, or name another in STRATPLAN_DATA_DIR."
            )
            % {"folder": self.path, "reason": error.strerror or error}
        )
