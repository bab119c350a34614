"""The OpenID Connect provider that the administrator has set, or none; what is wrong with it stops the start."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from stratplan.accounts.openid import Client
from stratplan.accounts.openid_http import is_safe
from stratplan.errors import StratplanError
from stratplan.i18n import _
from stratplan.settings import Settings


def openid_client(settings: Settings) -> Client | None:
    """What stratplan is to the provider; None where no provider is set."""
    if settings.openid_discovery is None:
        return None
    if not is_safe(settings.openid_discovery) or "?" in settings.openid_discovery:
        raise StratplanError(
            _("STRATPLAN_OPENID_DISCOVERY must be an HTTPS address without a query. Correct it and start again.")
        )
    secret = settings.openid_client_secret
    if settings.openid_client_secret_file is not None:
        secret = _secret_in(settings.openid_client_secret_file)
    if secret is None or settings.openid_client_id is None:  # the settings' own check has seen to it
        raise AssertionError("a provider without an id or a secret")
    return Client(settings.openid_discovery, settings.openid_client_id, secret)


def _secret_in(file: Path) -> SecretStr:
    try:
        with file.open(encoding="utf-8") as opened:
            secret = opened.read(10_000).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StratplanError(
            _("The file %(file)s with the client secret cannot be read (%(reason)s).")
            % {"file": file, "reason": type(error).__name__}
        ) from None
    if not secret:
        raise StratplanError(_("The file %(file)s with the client secret is empty.") % {"file": file})
    if file.stat().st_mode & 0o077:
        raise StratplanError(
            _("Others on this computer can read the client secret in %(file)s. Run: chmod 600 %(file)s")
            % {"file": file}
        )
    return SecretStr(secret)
