"""The one Settings class: read once at start, passed in; every name is documented in docs/administration.md."""

from __future__ import annotations

import re
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """The folder `name` (templates, static, seeds, locales): in the installed package, or beside it in a checkout."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def _separated(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _is_network(value: str) -> str:
    ip_network(value)
    return value


def _is_sender(value: str | None) -> str | None:
    if value is not None and (not value.isprintable() or "@" not in parseaddr(value)[1]):
        raise ValueError(f"{value!r} is no e-mail address")
    return value


def _is_clamd(value: str | None) -> str | None:
    found = re.fullmatch(r"unix:/\S+|(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(\d{1,5})", value or "")
    if value is not None and (found is None or not 1 <= int(found[1] or 1) <= 65535):
        raise ValueError(f"{value!r} is neither unix:/path nor host:port")
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_separated)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_is_network)], ...], NoDecode, BeforeValidator(_separated)]


class Settings(BaseSettings):
    """What an administrator may set, from `STRATPLAN_…` variables or a `.env` file in the working folder."""

    model_config = SettingsConfigDict(
        env_prefix="STRATPLAN_", env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    data_dir: Path = Field(default=Path("var"), description="Where the private database and other data lie.")
    mongodb_uri: SecretStr | None = Field(
        default=None, description="A MongoDB replica set or cluster to use; unset: a private one is started."
    )
    mongodb_database: str = Field(
        default="stratplan", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="The database's name on that server."
    )
    mongod: Path | None = Field(default=None, description="The mongod program for the private database.")
    secret_key: SecretStr | None = Field(default=None, description="The secret key, in base64; unset: that of a file.")
    secret_key_file: Path | None = Field(
        default=None, description="The file with the secret key; unset: one in the data folder, made at first start."
    )
    host: str = Field(default="127.0.0.1", description="The address to serve on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to serve on; 0 picks a free one.")
    address: str | None = Field(
        default=None,
        pattern=r"^https?://[^/\s]+$",
        description="The site's address for people, such as https://plans.example.lv; allowed as a Host.",
    )
    security_contact: str | None = Field(
        default=None,
        pattern=r"^(?:mailto:|https://|tel:)[!-~]+$",
        description="Where weaknesses are told of, such as mailto:security@example.lv; in /.well-known/security.txt.",
    )
    second_factor: Literal["everybody", "chosen"] | None = Field(
        default=None,
        description="Who has a second factor beside the password: everybody, or who chose it and whom a plan asks; "
        "unset: everybody where STRATPLAN_ADDRESS is set.",
    )
    hosts: Names = Field(default=(), description="Further names that the server answers to, separated by commas.")
    proxies: Networks = Field(
        default=(), description="Addresses or networks of proxies whose X-Forwarded headers are believed."
    )
    language: Literal["lv", "en"] = Field(default="lv", description="The language of those who chose none.")
    openid_client_id: str | None = Field(default=None, description="What the OpenID Connect provider calls stratplan.")
    openid_client_secret: SecretStr | None = Field(default=None, description="The secret that goes with that id.")
    openid_client_secret_file: Path | None = Field(default=None, description="The file that has the secret.")
    openid_name: str = Field(
        default="OpenID Connect", min_length=1, max_length=60, description="What the provider is called on the button."
    )
    openid_role: Literal["none", "council", "reporter", "planner"] = Field(
        default="none", description="The role of an account made for a person who has none yet; none: none is made."
    )
    # After what it needs, so that its check sees them.
    openid_discovery: str | None = Field(
        default=None, pattern=r"^https?://\S+$", description="The provider's address; unset: no such sign-in."
    )

    @property
    def served_at(self) -> str:
        """The address on this computer that is served."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def base(self) -> str:
        """The site's address without a path where no request tells it: the one for people, else the one served."""
        return self.address or self.served_at

    @field_validator("openid_discovery")
    @classmethod
    def _is_complete(cls, discovery: str | None, info: ValidationInfo) -> str | None:
        """A provider without its id or secret would fail at every sign-in: better at the start."""
        given = info.data.get
        if discovery is None:
            return None
        if not given("openid_client_id"):
            raise ValueError("STRATPLAN_OPENID_CLIENT_ID must be set too")
        if (given("openid_client_secret") is None) == (given("openid_client_secret_file") is None):
            raise ValueError(
                "either STRATPLAN_OPENID_CLIENT_SECRET or STRATPLAN_OPENID_CLIENT_SECRET_FILE must be set too"
            )
        return discovery

    smtp_host: str | None = Field(default=None, description="The server that letters are sent through; unset: none.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the way to it is secured."
    )
    smtp_ca: Path | None = Field(
        default=None, description="Certificates that it may be known by, instead of the system's."
    )
    smtp_user: str | None = Field(default=None, description="The account on that server, where it asks for one.")
    smtp_password: SecretStr | None = Field(default=None, description="And its password.")
    smtp_from: Annotated[str | None, AfterValidator(_is_sender)] = Field(
        default=None, description="Who letters come from: an address, or a name and an address."
    )

    @model_validator(mode="after")
    def _letters_have_a_sender(self) -> Settings:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("STRATPLAN_SMTP_HOST needs STRATPLAN_SMTP_FROM beside it")
        return self

    @property
    def asks_for_second_factor(self) -> bool:
        """Whether everybody who signs in with a password is asked for a second factor: where others than who sits at
        this computer reach the site, unless it is said otherwise."""
        return self.second_factor == "everybody" or (self.second_factor is None and self.address is not None)

    largest_file_mb: int = Field(default=20, ge=1, le=1000, description="The largest file kept as evidence, in MiB.")
    clamd: Annotated[str | None, AfterValidator(_is_clamd)] = Field(
        default=None,
        description="Where a clamd listens that searches each file for viruses: unix:/path or host:port; unset: none.",
    )
