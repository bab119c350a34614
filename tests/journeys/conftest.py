"""Journeys run in a real browser at a real server."""

import pytest

pytest.register_assert_rewrite("tests.browser")

from tests.browser import browser, server  # noqa: E402  (after its assertions are made to explain themselves)

__all__ = ["browser", "server"]
