"""The second factor: six digits of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree

import pyotp
import segno
from beanie import Document, PydanticObjectId

from stratplan.database import Session
from stratplan.documents import now
from stratplan.errors import RuleBroken
from stratplan.i18n import _
from stratplan.secret_key import CannotOpen, SecretKey

ISSUER = "stratplan"
LONGEST_CODE = 12  # of an app's code as people type it: six digits with spaces between
SECRET_LETTERS = 32  # of base32: 160 bits, the length of SHA-1 (RFC 4226, 4)
SETTING_UP = timedelta(minutes=30)
RECOVERY_CODES = 10
# Crockford's base32 has no letters that look like digits. 28 of them are 140 bits, so that a plain hash protects them
# (ASVS 5.0, 6.5.2: from 112 bits).
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 28
CODE_GROUP = 4
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})

log = logging.getLogger("stratplan.accounts")


class SecondFactor(Document):
    """An account's authenticator and recovery codes. Its `_id` is the account's.

    `sealed` is the secret, encrypted with the installation's key; None until the first code was confirmed. `pending`
    is one that is being set up. `last_step` is the step of the last code that was accepted: none is accepted twice.
    """

    id: PydanticObjectId
    sealed: bytes | None = None
    last_step: int = 0
    since: datetime | None = None
    codes: list[str] = []
    pending: bytes | None = None
    pending_until: datetime | None = None

    class Settings:
        name = "second_factors"


# ---- Setting up


def _about(account: PydanticObjectId) -> str:
    return f"totp:{account}"


async def begin(account: PydanticObjectId, *, key: SecretKey) -> str:
    """Begin to set up an authenticator: a new secret (base32), which counts once a code of it was confirmed."""
    secret = pyotp.random_base32(SECRET_LETTERS)
    await SecondFactor.get_motor_collection().update_one(
        {"_id": account},
        {
            "$set": {
                "pending": key.seal(secret.encode(), about=_about(account)),
                "pending_until": now() + SETTING_UP,
            },
            "$setOnInsert": {"sealed": None, "last_step": 0, "since": None, "codes": []},
        },
        upsert=True,
    )
    return secret


async def pending(account: PydanticObjectId, *, key: SecretKey) -> str | None:
    """The secret (base32) that is being set up, for as long as that may take."""
    factor = await SecondFactor.get(account)
    if factor is None or factor.pending is None or factor.pending_until is None:
        return None
    if factor.pending_until <= datetime.now(UTC):
        return None
    return _opened(factor.pending, account, key)


async def confirm(
    account: PydanticObjectId, code: str, *, key: SecretKey, at: datetime | None = None, session: Session | None = None
) -> list[str]:
    """Switch the second factor on (or over to the new secret) by its first code; returns new recovery codes.

    Raises RuleBroken at the field `code`.
    """
    secret = await pending(account, key=key)
    if secret is None:
        raise RuleBroken(_("Setting up took too long. Begin again."), field="code")
    step = matching_step(secret, code, at or datetime.now(UTC))
    if step is None:
        raise refusal()
    codes = new_recovery_codes()
    await SecondFactor.get_motor_collection().update_one(
        {"_id": account},
        [
            {
                "$set": {
                    "sealed": "$pending",
                    "last_step": step,
                    "since": now(),
                    "codes": [hashed(code) for code in codes],
                    "pending": None,
                    "pending_until": None,
                }
            }
        ],
        session=session,
    )
    return codes


async def remove(account: PydanticObjectId, *, session: Session | None = None) -> None:
    """Switch the second factor off; its secret and recovery codes are gone."""
    await SecondFactor.get_motor_collection().delete_one({"_id": account}, session=session)


async def is_on(account: PydanticObjectId) -> bool:
    """Whether signing in to the account takes a second factor."""
    found = await SecondFactor.get_motor_collection().count_documents({"_id": account, "sealed": {"$ne": None}})
    return found == 1


# ---- Signing in


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The time step (of 30 seconds since 1970) of `at`, if this is its code; else None.

    No step beside it counts, so that a code lives for 30 seconds (ASVS 5.0, 6.5.5).
    """
    typed = "".join(code.split())
    if len(typed) != 6 or not (typed.isascii() and typed.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    here = totp.timecode(at)
    return here if secrets.compare_digest(totp.generate_otp(here), typed) else None


def is_recovery(code: str) -> bool:
    """Whether what was typed is meant as a recovery code: the app's are shorter, however they are spaced."""
    return len(code) > LONGEST_CODE


def refusal(code: str = "") -> RuleBroken:
    """What is said of a code that is not accepted, and what to do; the same whichever of the reasons it is."""
    if is_recovery(code):
        return RuleBroken(_("This recovery code is not right, or has been used already."), field="code")
    return RuleBroken(
        _(
            "This is not the code that the app shows now, or it has been used already. A code is good for 30 seconds: "
            "type the next one. If that is refused too, the phone's clock is wrong: have it set the time by itself."
        ),
        field="code",
    )


async def accept(account: PydanticObjectId, code: str, *, key: SecretKey, at: datetime | None = None) -> bool:
    """Whether this is a code of the account's authenticator that was not used yet; it is used now.

    Of any that come with the same code at once, one is accepted.
    """
    factor = await SecondFactor.get(account)
    if factor is None or factor.sealed is None:
        return False
    secret = _opened(factor.sealed, account, key)
    step = None if secret is None else matching_step(secret, code, at or datetime.now(UTC))
    if step is None:
        return False
    # Also of the secret that was compared: it may be replaced at this moment.
    used = await SecondFactor.get_motor_collection().update_one(
        {"_id": account, "sealed": factor.sealed, "last_step": {"$lt": step}}, {"$set": {"last_step": step}}
    )
    return used.matched_count == 1


def _opened(sealed: bytes, account: PydanticObjectId, key: SecretKey) -> str | None:
    try:
        return key.open(sealed, about=_about(account)).decode()
    except CannotOpen:
        log.error(
            "the second factor of account %s cannot be read: the secret key is not the one it was kept with", account
        )
        return None


# ---- Recovery codes


def new_recovery_codes() -> list[str]:
    """Ten codes in groups that can be read and copied by hand, of 140 random bits each."""
    return [
        "-".join(
            "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_GROUP)) for _ in range(CODE_LENGTH // CODE_GROUP)
        )
        for _ in range(RECOVERY_CODES)
    ]


def hashed(code: str) -> str:
    """What is kept of a recovery code, however it is typed: small letters, without dashes, O for 0, I or L for 1."""
    bare = "".join(character for character in code.upper() if character.isalnum()).translate(_MISREAD)
    return hashlib.sha256(bare.encode("utf-8", "replace")).hexdigest()


async def accept_recovery(account: PydanticObjectId, code: str) -> bool:
    """Whether this is a recovery code of the account that was not used yet; it is used now."""
    kept = hashed(code[:200])
    used = await SecondFactor.get_motor_collection().update_one(
        {"_id": account, "codes": kept}, {"$pull": {"codes": kept}}
    )
    return used.modified_count == 1


async def renew_codes(account: PydanticObjectId, *, session: Session | None = None) -> list[str]:
    """New recovery codes; the earlier ones are good no more."""
    codes = new_recovery_codes()
    await SecondFactor.get_motor_collection().update_one(
        {"_id": account, "sealed": {"$ne": None}},
        {"$set": {"codes": [hashed(code) for code in codes]}},
        session=session,
    )
    return codes


async def codes_left(account: PydanticObjectId) -> int:
    """How many recovery codes have not been used."""
    factor = await SecondFactor.get(account)
    return 0 if factor is None else len(factor.codes)


# ---- What an app reads


def provisioning_uri(secret: str, email: str) -> str:
    """The otpauth:// address that authenticator apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


@dataclass(frozen=True, slots=True)
class Picture:
    """A QR code as the `d` of one SVG path drawn with strokes one unit wide, in a square of `size` units."""

    path: str
    size: int


def picture(uri: str) -> Picture:
    """The QR code of an address, with its quiet zone of four units."""
    code = segno.make(uri, error="m", micro=False)
    drawn = BytesIO()
    code.save(drawn, kind="svg", border=4, xmldecl=False, svgns=False, omitsize=True)
    root = ElementTree.fromstring(drawn.getvalue())  # noqa: S314  # segno's own output
    line = root.find("path")
    assert line is not None
    return Picture(line.attrib["d"], int(code.symbol_size(border=4)[0]))
