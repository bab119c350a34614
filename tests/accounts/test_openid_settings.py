"""What an administrator sets of the OpenID Connect provider: complete, safe, and the secret never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stratplan.accounts.openid_settings import openid_client
from stratplan.errors import StratplanError
from stratplan.settings import Settings

COMPLETE = {
    "openid_discovery": "https://login.example.lv/realms/city",
    "openid_client_id": "stratplan",
    "openid_client_secret": "of the client",
}


def settings(**changed: Any) -> Settings:
    given = {**COMPLETE, **changed}
    return Settings(_env_file=None, **{name: value for name, value in given.items() if value is not None})


def test_without_a_provider_there_is_none() -> None:
    assert openid_client(Settings(_env_file=None)) is None


def test_a_provider_is_taken_from_its_settings() -> None:
    client = openid_client(settings())
    assert client is not None
    assert (client.discovery, client.id) == ("https://login.example.lv/realms/city", "stratplan")
    assert client.secret.get_secret_value() == "of the client"
    assert "of the client" not in repr(client)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"openid_client_id": None}, "OPENID_CLIENT_ID"),
        ({"openid_client_secret": None}, "OPENID_CLIENT_SECRET_FILE"),
        ({"openid_client_secret_file": "/a/file"}, "OPENID_CLIENT_SECRET_FILE"),
        ({"openid_role": "admin"}, "openid_role"),
        ({"openid_discovery": "login.example.lv"}, "openid_discovery"),
    ],
)
def test_settings_that_could_not_work_stop_the_start(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named) as failure:
        settings(**changed)
    assert "of the client" not in str(failure.value.errors(include_input=False))


@pytest.mark.parametrize("address", ["http://login.example.lv", "https://login.example.lv/?policy=a"])
def test_an_unsafe_address_stops_the_start(address: str) -> None:
    with pytest.raises(StratplanError, match="STRATPLAN_OPENID_DISCOVERY"):
        openid_client(settings(openid_discovery=address))


def test_the_secret_may_stand_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("of the client\n")
    file.chmod(0o600)
    client = openid_client(settings(openid_client_secret=None, openid_client_secret_file=file))
    assert client is not None
    assert client.secret.get_secret_value() == "of the client"
    file.chmod(0o640)
    with pytest.raises(StratplanError, match="chmod 600"):
        openid_client(settings(openid_client_secret=None, openid_client_secret_file=file))


def test_a_secret_file_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for _ in range(2):
        with pytest.raises(StratplanError, match=str(file)):
            openid_client(settings(openid_client_secret=None, openid_client_secret_file=file))
        file.touch(0o600)
