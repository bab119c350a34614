"""Why a sign-in through OpenID Connect ended: a sentence for the person, and a reason for the log."""

from __future__ import annotations

from stratplan.errors import StratplanError
from stratplan.i18n import _

UNREACHABLE = 503


class OpenIdFailed(StratplanError):
    """Nobody was signed in. The message is the person's; `reason` is technical and holds no token and no secret;
    `status` is what the page answers with."""

    def __init__(self, sentence: str, reason: str, status: int) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.status = status


def refused(reason: str) -> OpenIdFailed:
    """The person, or the provider, said no."""
    return OpenIdFailed(
        _("The sign-in was cancelled at the provider. Try again, or sign in in another way."), reason, 403
    )


def not_admitted(sentence: str, reason: str) -> OpenIdFailed:
    """The provider knows the person, and stratplan doesn't let them in; the sentence says why."""
    return OpenIdFailed(sentence, reason, 403)


def begin_again(reason: str) -> OpenIdFailed:
    """This attempt can't be completed any more; a new one may."""
    return OpenIdFailed(_("This sign-in has expired or has been used already. Begin it again."), reason, 400)


def unreachable(reason: str) -> OpenIdFailed:
    """The provider is down, slow or out of order for now."""
    return OpenIdFailed(
        _("The sign-in provider does not answer. Try again in a while, or sign in in another way."), reason, UNREACHABLE
    )


def unreliable(reason: str) -> OpenIdFailed:
    """The provider's answer is not what an honest and rightly configured one would be."""
    return OpenIdFailed(
        _("The sign-in provider's answer cannot be relied on, so you are not signed in. Tell your administrator."),
        reason,
        502,
    )
