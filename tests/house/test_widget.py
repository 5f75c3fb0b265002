"""The built widget is what its sources make: by hashes kept beside it, so without Node.js."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "web" / "widget"
BUILT = ROOT / "thunderbox" / "web" / "widget"
MANIFEST = json.loads((BUILT / "manifest.json").read_text())
PARTS = ("demo", "scripts", "src", "package-lock.json", "package.json", "vite.config.ts")
AGAIN = "run make widget, and commit what it builds"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _files(part: Path) -> list[Path]:
    return [path for path in part.rglob("*") if path.is_file()] if part.is_dir() else [part]


def test_it_was_built_of_these_sources() -> None:
    paths = [path for part in PARTS for path in _files(SOURCES / part)]
    names = sorted(path.relative_to(SOURCES).as_posix() for path in paths)
    lines = "".join(f"{name} {_hash((SOURCES / name).read_bytes())}\n" for name in names)
    assert _hash(lines.encode()) == MANIFEST["sources"], AGAIN


@pytest.mark.parametrize("name", MANIFEST["files"])
def test_nobody_changed_it_since(name: str) -> None:
    assert _hash((BUILT / name).read_bytes()) == MANIFEST["files"][name], AGAIN


def test_it_is_the_version_of_its_package() -> None:
    package = json.loads((SOURCES / "package.json").read_text())
    assert MANIFEST["version"] == package["version"]
    assert f'"{package["version"]}"' in (BUILT / "widget.js").read_text(encoding="utf-8")


def test_a_page_loads_it_in_a_moment() -> None:
    assert len(gzip.compress((BUILT / "widget.js").read_bytes())) < 250_000


def test_it_knows_no_address_but_those_that_it_is_told() -> None:
    known = {"www.w3.org", "aomediacodec.github.io"}  # names of namespaces, never asked for
    for name in ("widget.js", "style.css", "demo.html"):
        text = (BUILT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:https?|wss?)://([\w.-]+\.[a-z]+)", text)) <= known


def test_it_runs_no_text_as_code() -> None:
    text = (BUILT / "widget.js").read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function\(|\bFunction\(\"", text)


def test_its_lock_file_is_whole_and_of_no_machine() -> None:
    """npm ci refuses a lock file that lacks a package for another system."""
    packages = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    for path, package in packages.items():
        for name in package.get("optionalDependencies", {}):
            places = (f"{path}/node_modules/{name}", f"node_modules/{name}")
            assert any(place in packages for place in places), f"{path} wants {name}"
        assert package.get("resolved", "https://registry.npmjs.org/").startswith(
            "https://registry.npmjs.org/"
        )
        assert not path or "integrity" in package, path


def test_every_option_is_documented() -> None:
    page = (ROOT / "docs" / "widget.md").read_text(encoding="utf-8")
    options = (SOURCES / "src" / "options.ts").read_text(encoding="utf-8")
    for name in re.findall(r"^  (\w+)\??:", options, re.MULTILINE):
        assert re.search(rf"`{name}[`(]", page), f"docs/widget.md does not name {name}"
    failures = (SOURCES / "src" / "failure.ts").read_text(encoding="utf-8")
    codes = re.findall(r'^  \| "(\w+)"', failures, re.MULTILINE)
    assert len(codes) > 10
    for code in codes:
        assert f"`{code}`" in page, f"docs/widget.md does not name {code}"
