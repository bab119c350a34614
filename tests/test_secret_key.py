"""The secret key: made once, readable by its owner only, and what it seals."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from stratplan.errors import StratplanError
from stratplan.secret_key import FILE, CannotOpen, SecretKey, secret_key
from stratplan.settings import Settings

KEY = SecretKey([b"k" * 32])


def settings(folder: Path, **values: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **values)  # type: ignore[arg-type]


def text(byte: bytes) -> str:
    return base64.b64encode(byte * 32).decode()


@given(st.binary(max_size=100), st.text(max_size=20))
def test_what_is_sealed_is_opened_with_the_same_use_and_no_other(secret: bytes, about: str) -> None:
    sealed = KEY.seal(secret, about=about)
    assert KEY.open(sealed, about=about) == secret
    assert KEY.seal(secret, about=about) != sealed, "a nonce of its own each time"
    for broken in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", sealed[:5]):
        with pytest.raises(CannotOpen):
            KEY.open(broken, about=about)
    with pytest.raises(CannotOpen):
        KEY.open(sealed, about=about + "x")


def test_the_key_is_made_at_first_start_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    sealed = secret_key(settings(folder)).seal(b"secret", about="test")
    path = folder / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(path.read_text())) == 32
    assert [other.name for other in folder.iterdir()] == [FILE], "nothing is left beside it"
    assert secret_key(settings(folder)).open(sealed, about="test") == b"secret"


def test_a_key_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    secret_key(settings(tmp_path))
    (tmp_path / FILE).chmod(0o644)
    secret_key(settings(tmp_path))
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from stratplan.settings import Settings;"
        "from stratplan.secret_key import secret_key;"
        "secret_key(Settings(_env_file=None, data_dir=Path(sys.argv[1])));"
        "print(Path(sys.argv[1], 'secret.key').read_text())"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({process.communicate(timeout=60)[0] for process in running}) == 1


def test_the_key_may_come_from_the_environment_or_a_file_of_ones_own(tmp_path: Path) -> None:
    sealed = SecretKey([b"a" * 32]).seal(b"secret", about="test")
    given_ = secret_key(settings(tmp_path, secret_key=SecretStr(text(b"a"))))
    assert given_.open(sealed, about="test") == b"secret"
    file = tmp_path / "own"
    file.write_text(text(b"a") + "\n")
    assert secret_key(settings(tmp_path, secret_key_file=file)).open(sealed, about="test") == b"secret"
    assert not (tmp_path / FILE).exists()


def test_a_key_can_be_replaced_while_what_the_old_one_sealed_is_still_opened(tmp_path: Path) -> None:
    sealed = SecretKey([b"a" * 32]).seal(b"secret", about="test")
    both = secret_key(settings(tmp_path, secret_key=SecretStr(f"{text(b'b')}\n{text(b'a')}")))
    assert both.open(sealed, about="test") == b"secret"
    assert SecretKey([b"b" * 32]).open(both.seal(b"new", about="test"), about="test") == b"new"


@pytest.mark.parametrize("wrong", ["", "short", "not base64 at all!", base64.b64encode(b"x" * 16).decode()])
def test_what_is_no_key_stops_the_start_with_a_sentence_that_does_not_show_it(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(StratplanError) as stopped:
        secret_key(settings(tmp_path, secret_key=SecretStr(wrong)))
    assert "STRATPLAN_SECRET_KEY" in str(stopped.value)
    assert not wrong or wrong not in str(stopped.value)


def test_a_file_that_is_not_there_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StratplanError, match="missing"):
        secret_key(settings(tmp_path, secret_key_file=tmp_path / "missing"))


def test_a_signature_is_of_one_message_for_one_use_by_one_of_the_keys() -> None:
    signature = KEY.sign(b"a", about="one")
    assert len(signature) == 32
    assert KEY.has_signed(b"a", signature, about="one")
    assert not KEY.has_signed(b"b", signature, about="one")
    assert not KEY.has_signed(b"a", signature, about="other")
    assert not KEY.has_signed(b"a", signature[:-1], about="one")
    assert SecretKey([b"n" * 32, b"k" * 32]).has_signed(b"a", signature, about="one")
    assert not SecretKey([b"n" * 32]).has_signed(b"a", signature, about="one")
