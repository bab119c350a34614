"""Passwords: what makes a good one, how they are kept (argon2id), and how they are compared.

Follows NIST SP 800-63B and OWASP ASVS 5.0 V6.2: length counts, composition does not, nothing is cut off or trimmed.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from beanie import Document, PydanticObjectId

from stratplan.assets import AssetsMissing
from stratplan.database import Session
from stratplan.documents import now
from stratplan.errors import RuleBroken
from stratplan.i18n import N_, _
from stratplan.settings import resource

T = TypeVar("T")

SHORTEST = 12
LONGEST = 128  # characters; beyond that nobody remembers, and the work of normalising is bounded

# OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
_hasher = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, encoding="utf-8", type=Type.ID
)
# Off the event loop, and never more at once than memory and processors can bear: 19 MiB each.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


class Password(Document):
    """What proves an account's owner: the argon2id hash. Its `_id` is the account's."""

    id: PydanticObjectId
    hash: str
    set_at: datetime

    class Settings:
        name = "passwords"


# ---- How they are kept and compared


def _normal(password: str) -> str:
    """The same password typed on another keyboard or system is the same text (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)


async def _in_thread(work: Callable[..., T], *values: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, work, *values)


def _matches(kept: str, password: str) -> bool:
    # A password that is too long, or has a lone surrogate, can be nobody's: compared all the same, for equal time.
    text = _normal(password[: LONGEST + 1])
    try:
        return _hasher.verify(kept, text.encode("utf-8", "replace")) and _is_text(password)
    except (VerificationError, InvalidHashError):
        return False


def _is_text(password: str) -> bool:
    return len(password) <= LONGEST and all(unicodedata.category(character) != "Cs" for character in password)


async def hashed(password: str) -> str:
    """The argon2id hash to keep, with a salt of its own; takes about 30 ms of one processor, off the event loop."""
    return await _in_thread(_hasher.hash, _normal(password))


async def keep(account: PydanticObjectId, hash_: str, *, session: Session | None = None) -> None:
    """Put a hash in the place of the one that the account had, if any."""
    await Password.get_motor_collection().replace_one(
        {"_id": account}, {"_id": account, "hash": hash_, "set_at": now()}, upsert=True, session=session
    )


async def has_one(account: PydanticObjectId) -> bool:
    """Whether the account can sign in with a password."""
    return await Password.get_motor_collection().count_documents({"_id": account}, limit=1) == 1


async def verify(account: PydanticObjectId | None, password: str) -> bool:
    """Whether this is the account's password; as much work for an account that does not exist (None) or has none."""
    # The lookup is made even for nobody, so that nothing can be told from its time either.
    kept = await Password.get_motor_collection().find_one({"_id": account or PydanticObjectId()})
    if kept is None:
        await _in_thread(_matches, await _nobodys_hash(), password)
        return False
    if not await _in_thread(_matches, kept["hash"], password):
        return False
    if _hasher.check_needs_rehash(kept["hash"]):
        # Only if it is still the one that was compared: the owner may be changing it at this moment.
        await Password.get_motor_collection().update_one(
            {"_id": kept["_id"], "hash": kept["hash"]}, {"$set": {"hash": await hashed(password)}}
        )
    return True


@cache
def _hash_of_nothing() -> str:
    return _hasher.hash(b"")


async def _nobodys_hash() -> str:
    return await _in_thread(_hash_of_nothing)


def prepare() -> None:
    """Make what is made once before the first sign-in asks for it: else that one would tell by its time."""
    _hash_of_nothing()
    _common()


# ---- What makes a good one


def check(password: str, *, of: Iterable[str] = ()) -> None:
    """Raise RuleBroken, at the field `password`, for one that is too short or too easily guessed.

    `of` are the words that are known of its owner: the e-mail address, the name.
    """
    if refusal := _refusal(password, of):
        raise RuleBroken(_(refusal, least=SHORTEST, most=LONGEST), field="password")


def _refusal(password: str, of: Iterable[str]) -> str | None:
    if len(password) < SHORTEST:
        return N_("The password is too short. Use at least %(least)s characters: three or four words will do.")
    if len(password) > LONGEST:
        return N_("The password is too long. Use at most %(most)s characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        return N_("The password has a character that cannot be typed. Use letters, digits, signs and spaces.")
    plain = _plain(password)
    if _is_common(plain):
        return N_("This password is one of those tried first by anyone who guesses. Choose another.")
    if _is_mostly(plain, of):
        return N_("The password is mostly your name, your e-mail address or the name of this program. Choose another.")
    return None


def _plain(text: str) -> str:
    """Without capitals and diacritics: what a guesser tries as one."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if not unicodedata.combining(character))


# What guessers try here and an international list does not have.
_LOCAL = frozenset({"parole", "slepens", "latvija", "daugavpils", "pasvaldiba", "strategija", "planosana"})
_RUNS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiop")
_LOOK_ALIKES = str.maketrans("@4310$57!", "aaeiossti")
_AROUND = 8  # digits and signs around a common password that do not make it a good one


@cache
def long_ones() -> tuple[str, ...]:
    """The most used passwords of 12 characters and more, most used first: some 44,000 of the million most used of ten
    million that became known (SecLists; see hatch_build.py)."""
    try:
        packed = (resource("static") / "dist" / "common-passwords.txt.gz").read_bytes()
    except FileNotFoundError:
        raise AssetsMissing("The list of the most used passwords is not built yet: run “make setup”.") from None
    return tuple(gzip.decompress(packed).decode().split("\n"))


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # large: only when needed

    return _LOCAL | {_plain(password) for password in (*FREQUENCY_LISTS["passwords"], *long_ones())}


def _is_common(plain: str) -> bool:
    """Whether it is a listed password, one with a few digits and signs around it, one repeated, or a run of keys."""
    if any(plain in run * 13 or plain in run[::-1] * 13 for run in _RUNS):
        return True
    repeated = re.fullmatch(r"(.+?)\1+", plain, re.DOTALL)
    if repeated and (len(repeated[1]) <= 4 or repeated[1] in _common()):
        return True
    if any({text, text.translate(_LOOK_ALIKES)} & _common() for text in _long_within(plain)):
        return True
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    unmasked = re.sub(r"^[\W_]+|[\W\d_]+$", "", plain).translate(_LOOK_ALIKES)
    return len(plain) - len(bare) <= _AROUND and (bare in _common() or unmasked in _common())


def _long_within(plain: str) -> Iterator[str]:
    """The text, and all that may be a listed password of itself once a few digits and signs around it are left out."""
    before = re.match(r"[\W\d_]*", plain)
    after = re.search(r"[\W\d_]*$", plain)
    assert before
    assert after
    for left in range(min(len(before[0]), _AROUND) + 1):
        for right in range(min(len(after[0]), _AROUND - left) + 1):
            if len(plain) - left - right >= SHORTEST:
                yield plain[left : len(plain) - right]


def _is_mostly(plain: str, of: Iterable[str]) -> bool:
    """Whether more than half of it are words that are known of its owner."""
    words = {word for text in ("stratplan", *of) for word in re.split(r"[\W_]+", _plain(text)) if len(word) >= 3}
    rest = plain
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return 2 * len(rest) < len(plain)
