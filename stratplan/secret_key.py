"""The installation's own secret key: sealing what must not be readable in the database, signing what nobody is to make
who has the database alone.

It lies in a file beside the database, not in it, so that a copy of the database alone opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stratplan.errors import StratplanError
from stratplan.i18n import _
from stratplan.settings import Settings

BYTES = 32
NONCE = 12
FILE = "secret.key"


class CannotOpen(StratplanError):
    """What was sealed with another key, for another use, or has been tampered with."""


class SecretKey:
    """AES-256-GCM with the first of the keys; what the others sealed is still opened, so that a key can be replaced."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = list(keys)
        self._ciphers = [AESGCM(key) for key in keys]

    def seal(self, secret: bytes, *, about: str) -> bytes:
        """The secret, encrypted; it is opened only with the same `about`: what it is and whose."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._ciphers[0].encrypt(nonce, secret, about.encode())

    def open(self, sealed: bytes, *, about: str) -> bytes:
        """What was sealed; CannotOpen where the key or `about` is another."""
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
            except (InvalidTag, ValueError):
                continue
        raise CannotOpen(_("The secret key has been replaced since this was kept."))

    def sign(self, message: bytes, *, about: str) -> bytes:
        """The HMAC-SHA-256 of a message (32 bytes), by a key that is derived from the first one for this use alone
        (HKDF, RFC 5869): `about` says what it is for."""
        return _signature(self._keys[0], message, about)

    def has_signed(self, message: bytes, signature: bytes, *, about: str) -> bool:
        """Whether the signature is of this message and this use, by any of the keys."""
        return any(hmac.compare_digest(_signature(key, message, about), signature) for key in self._keys)


def _signature(key: bytes, message: bytes, about: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=BYTES, salt=None, info=about.encode()).derive(key)
    return hmac.new(derived, message, hashlib.sha256).digest()


def secret_key(settings: Settings) -> SecretKey:
    """The key: of STRATPLAN_SECRET_KEY, or of the file STRATPLAN_SECRET_KEY_FILE, or the data folder's own, made now if
    there is none.

    Several keys stand one under the other, the newest first. Raises StratplanError with one sentence.
    """
    if settings.secret_key is not None:
        return _read(settings.secret_key.get_secret_value(), "STRATPLAN_SECRET_KEY")
    path = settings.secret_key_file or settings.data_dir / FILE
    try:
        if settings.secret_key_file is None:
            _make_unless_there(path)
        return _read(path.read_text("ascii"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise StratplanError(
            _("The secret key in %(path)s cannot be read or made (%(reason)s).", path=path, reason=error)
        ) from None


def _read(text: str, where: str) -> SecretKey:
    keys: list[bytes] = []
    for line in text.split():
        try:
            key = base64.b64decode(line.replace("-", "+").replace("_", "/"), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != BYTES:
            keys = []
            break
        keys.append(key)
    if not keys:
        raise StratplanError(
            _(
                "%(where)s is not a secret key: 32 random bytes in base64 are needed, as `openssl rand -base64 32` "
                "makes them.",
                where=where,
            )
        )
    return SecretKey(keys)


def _make_unless_there(path: Path) -> None:
    """Make the file whole or not at all: a second process that starts now must not read half of it."""
    if path.exists():
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".secret-", dir=path.parent)  # mode 0600 from the start
    try:
        with os.fdopen(handle, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return  # the other process was first: its key is the one
    finally:
        Path(name).unlink(missing_ok=True)
