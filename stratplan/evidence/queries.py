"""What pages ask of evidence: the files of a task, and how many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from beanie import PydanticObjectId

from stratplan.evidence.models import Evidence
from stratplan.snapshot import Snapshot


def _by_task(snapshot: Snapshot) -> Mapping[PydanticObjectId, list[Evidence]]:
    def grouped() -> dict[PydanticObjectId, list[Evidence]]:
        groups: defaultdict[PydanticObjectId, list[Evidence]] = defaultdict(list)
        for evidence in snapshot.all(Evidence).values():
            groups[evidence.task].append(evidence)
        return dict(groups)

    return snapshot.derive("evidence by task", grouped)


def evidence_of_task(snapshot: Snapshot, task: PydanticObjectId) -> list[Evidence]:
    """The files of a task, the newest first."""
    return newest_first(_by_task(snapshot).get(task, []))


def newest_first(files: list[Evidence]) -> list[Evidence]:
    """Files in the order in which they came, the last one first."""
    return sorted(files, key=lambda one: (one.created_at, str(one.key)), reverse=True)


def count_on(snapshot: Snapshot, task: PydanticObjectId) -> int:
    """How many files a task has."""
    return len(_by_task(snapshot).get(task, ()))
