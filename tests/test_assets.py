"""The built files: made only when their sources change, served compressed and for good, and all that pages name."""

import gzip
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hatch_build import build_static
from stratplan.assets import Assets, AssetsMissing, accepted_encoding, static_files
from stratplan.settings import resource

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def assets() -> Assets:
    """The built files of this checkout."""
    return Assets(build_static(ROOT, lambda _: None))


@pytest.fixture(scope="module")
def client(assets: Assets) -> Iterator[TestClient[Litestar]]:
    """A client of an application that serves nothing but the built files."""
    with TestClient(Litestar([static_files(assets, permission="public")], openapi_config=None)) as client:
        yield client


@pytest.mark.usefixtures("assets")
def test_an_unchanged_bundle_is_not_built_again_and_that_is_found_at_once() -> None:
    said: list[str] = []
    started = time.perf_counter()
    build_static(ROOT, said.append)
    assert said == []
    assert time.perf_counter() - started < 0.2


def test_a_page_names_a_file_by_its_content_and_may_keep_it_for_good(
    client: TestClient[Litestar], assets: Assets
) -> None:
    url = assets.url("app.css")
    assert re.fullmatch(r"/static/app-[A-Z0-9]{8}\.css", url)
    answer = client.get(url)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == "Accept-Encoding"


def test_a_file_is_sent_as_compressed_as_the_browser_takes_it(client: TestClient[Litestar], assets: Assets) -> None:
    url = assets.url("app.js")

    def sent(accept: str) -> tuple[str | None, bytes]:
        with client.stream("GET", url, headers={"accept-encoding": accept}) as answer:
            body = b"".join(answer.iter_raw())
            assert int(answer.headers["content-length"]) == len(body)
            return answer.headers.get("content-encoding"), body

    encoding, plain = sent("identity")
    assert encoding is None
    encoding, small = sent("gzip, deflate, br")
    assert (encoding, brotli.decompress(small)) == ("br", plain)
    encoding, small = sent("gzip, br;q=0")
    assert (encoding, gzip.decompress(small)) == ("gzip", plain)


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [("", ""), ("br", "br"), ("*", "br"), ("*;q=0", ""), ("gzip;q=0.5, *;q=0", "gzip"), ("br;q=x, gzip", "gzip")],
)
def test_what_a_browser_refuses_is_not_sent(accept: str, encoding: str) -> None:
    assert accepted_encoding(accept, {"": b"", "br": b"", "gzip": b""}) == encoding


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/manifest.json",
        "/static/common-passwords.txt.gz",
        "/static/../pyproject.toml",
        "/static/%2e%2e/stamp",
        "/static/app.css",
        "/static//etc/passwd",
    ],
)
def test_nothing_but_the_built_files_is_served(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).status_code == 404


def test_only_reading_is_answered(client: TestClient[Litestar], assets: Assets) -> None:
    url = assets.url("favicon.svg")
    assert client.post(url).status_code == 405
    head = client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0


def test_a_bundle_that_is_not_there_is_said_in_words(tmp_path: Path, assets: Assets) -> None:
    with pytest.raises(AssetsMissing, match="make setup"):
        Assets(tmp_path)
    with pytest.raises(AssetsMissing, match=r"static/icons\.txt"):
        assets.icon_href("no-such-icon")


def test_every_icon_that_templates_and_states_name_is_in_the_sprite(assets: Assets) -> None:
    call = re.compile(r"""\bicon\("([a-z0-9-]+)"|\b(?:icon_name|save_icon)="([a-z0-9-]+)\"""")
    named = {
        found
        for path in (ROOT / "templates").rglob("*.html")
        for pair in call.findall(path.read_text(encoding="utf-8"))
        for found in pair
        if found
    }
    assert len(named) > 20
    for name in sorted(named):
        assets.icon_href(name)


def test_the_lock_file_knows_no_registry_and_every_package_by_its_hash() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert all(re.fullmatch(r"[\d.]+", version) for version in lock["packages"][""]["devDependencies"].values())


@pytest.mark.usefixtures("assets")
def test_the_wheel_carries_all_that_runs(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "stratplan/templates/layout.html",
        "stratplan/locales/lv/frame.po",
        "stratplan/seeds/daugavpils-2015-2017.yaml",
        "stratplan/static/dist/manifest.json",
        "stratplan/static/dist/fonts/Inter_400Regular.ttf",
        "stratplan/templates/typst/report.typ",
        "stratplan/static/dist/common-passwords.txt.gz",
        "stratplan/assets.py",
    ):
        assert needed in names
    assert any(re.fullmatch(r"stratplan/static/dist/app-\w+\.css\.br", name) for name in names)
    assert not [name for name in names if name.startswith(("tests/", "node_modules/", "static/"))]


def test_every_state_that_pages_show_has_its_icon_in_the_sprite() -> None:
    from stratplan import app  # noqa: F401  # loads every slice, so that all choices are known
    from stratplan.choice import Choice

    assets = Assets(resource("static") / "dist")
    kinds = Choice.__subclasses__()
    assert len(kinds) >= 8
    for kind in kinds:
        for member in kind:
            assert assets.icon_href(member.icon)
