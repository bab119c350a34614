"""Documents that are there already, found by the names that files give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import count
from typing import Generic, TypeVar

from beanie import PydanticObjectId

from stratplan.database import Session
from stratplan.documents import LivingDocument

D = TypeVar("D", bound=LivingDocument)


class Shelf(Generic[D]):
    """The documents of one kind in a scope, by the names that files give them.

    What a file adds gets an id made from its name there, and so is known again after people have renamed it. A name
    whose document was deleted is free again.
    """

    def __init__(
        self, kind: type[D], scope: PydanticObjectId, documents: Iterable[D], name: Callable[[D], str]
    ) -> None:
        self.kind = kind
        self.scope = scope
        self._by_id = {document.key: document for document in documents}
        self._by_name = {name(document): document for document in self._by_id.values() if not document.deleted}
        self._named: dict[str, D] = {}
        self.promised: set[str] = set()  # names that the file brings, be they right or wrong

    @classmethod
    async def fetch(
        cls, kind: type[D], scope: PydanticObjectId, name: Callable[[D], str], session: Session
    ) -> Shelf[D]:
        """The shelf as the running transaction sees it."""
        found = await kind.find({"scope": scope}, session=session).to_list()
        return cls(kind, scope, found, name)

    def find(self, name: str) -> D | None:
        """The living document that a file means by this name."""
        if name in self._named:
            return self._named[name]
        for turn in count():
            document = self._by_id.get(self._identity(name, turn))
            if document is None:
                return self._by_name.get(name)
            if not document.deleted:
                return document
        raise AssertionError("a count has no end")

    def free_id(self, name: str) -> PydanticObjectId:
        """The id for a new document of this name."""
        return next(key for turn in count() if (key := self._identity(name, turn)) not in self._by_id)

    def living(self) -> Iterator[D]:
        """All living documents."""
        yield from (document for document in self._by_id.values() if not document.deleted)
        yield from self._named.values()

    def put(self, name: str, document: D) -> None:
        """Know the document that is about to be written."""
        self._named[name] = document

    def next_place(self, among: Callable[[D], bool] = lambda _document: True) -> int:
        """The `order` of a new document that comes last `among` the living ones."""
        return max((getattr(document, "order", 0) for document in self.living() if among(document)), default=0) + 1

    def _identity(self, name: str, turn: int) -> PydanticObjectId:
        return PydanticObjectId(sha256(f"{self.scope}/{self.kind.kind}/{turn}/{name}".encode()).digest()[:12])
