"""Sign-ins under way at a provider: kept on the server, known by a token that only the browser has, good once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from stratplan.accounts.openid import FLOW_LASTS, Flow
from stratplan.accounts.tokens import digest


class KeptFlow(Document):
    """A flow and where the person was going. `_id` is the SHA-256 of the browser's token."""

    id: str  # type: ignore[assignment]  # not an ObjectId
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    began: float
    to: str
    ends_at: datetime

    class Settings:
        name = "openid_flows"
        indexes: ClassVar = [IndexModel([("ends_at", ASCENDING)], expireAfterSeconds=0)]

    @property
    def flow(self) -> Flow:
        """What the provider's answer is held against."""
        return Flow(self.state, self.nonce, self.verifier, self.redirect_uri, self.began)


async def keep(flow: Flow, *, to: str) -> str:
    """Keep a flow that has begun, and return the token for the browser."""
    token = secrets.token_urlsafe(32)
    await KeptFlow(
        id=digest(token),
        state=flow.state,
        nonce=flow.nonce,
        verifier=flow.verifier,
        redirect_uri=flow.redirect_uri,
        began=flow.began,
        to=to,
        ends_at=datetime.now(UTC) + timedelta(seconds=FLOW_LASTS),
    ).insert()
    return token


async def take(token: str) -> KeptFlow | None:
    """The flow of a browser's token, which is then no more: of two answers only one is heard."""
    if not token or len(token) > 100:
        return None
    raw = await KeptFlow.get_motor_collection().find_one_and_delete({"_id": digest(token)})
    return None if raw is None else KeptFlow.model_validate(raw)
