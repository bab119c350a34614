"""The real provider of the tests of signing in."""

from collections.abc import Iterator

import pytest

from tests.openid_provider.running import Running, running_provider


@pytest.fixture(scope="session")
def provider() -> Iterator[Running]:
    """oidc-provider, as most providers are set up: what is told of a person comes from its userinfo endpoint."""
    with running_provider() as running:
        yield running
