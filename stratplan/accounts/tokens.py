"""Tokens: long random secrets that only their receivers have, in addresses and cookies."""

from __future__ import annotations

import hashlib


def digest(token: str) -> str:
    """What is kept of a token, its SHA-256: whoever reads the database cannot use it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
