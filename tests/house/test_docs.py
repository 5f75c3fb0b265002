"""Documentation that is out of date fails here."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import get_type_hints

import pytest

import thunderbox
from tests.house import cli_reference
from thunderbox import config, origin
from thunderbox.voice.leg import EndCause

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
SETTINGS = [
    (section, key)
    for section, kind in config.sections().items()
    for key in kind.__struct_fields__
]  # fmt: skip


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("section", "key"), SETTINGS)
def test_every_setting_is_documented_as_it_is(section: str, key: str) -> None:
    page = _read("docs/configuration.md").partition(f"## [{section}]\n")[2].partition("\n## ")[0]
    row = next((line for line in page.splitlines() if line.startswith(f"| `{key}`")), "")
    assert row, f"docs/configuration.md does not name {section}.{key}"
    kind = config.sections()[section]
    default = json.dumps(getattr(kind(), key))
    allowed = origin.allowed(get_type_hints(kind, include_extras=True)[key])
    assert row.startswith(
        f"| `{key}`<br>`THUNDERBOX_{section}_{key}`".replace(
            f"THUNDERBOX_{section}_{key}", f"THUNDERBOX_{section}_{key}".upper()
        )
        + f" | `{default}` | {allowed} | "
    )


def test_no_setting_is_documented_that_is_gone() -> None:
    named = re.findall(r"`THUNDERBOX_([A-Z_]+)`", _read("docs/configuration.md"))
    known = {f"{section}_{key}".upper() for section, key in SETTINGS}
    assert set(named) <= known | {"CONFIG"}


def test_command_line_page_is_what_the_commands_say() -> None:
    assert _read("docs/cli.md") == cli_reference.reference(), (
        "run python -m tests.house.cli_reference"
    )


def test_every_end_reason_is_documented() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("calls", "voice")
        for path in (ROOT / "thunderbox" / room).rglob("*.py")
    )
    patterns = (r'ends="(\w+)"', r'HangUp\([^)]*"(\w+)"', r'end_reason[\w ]* = .*"(\w+)"')
    patterns += (r'end_reason="(\w+)"', r'\.fail\("(\w+)"', r'end_with\([^)]*"(\w+)"')
    reasons = {found for pattern in patterns for found in re.findall(pattern, source)}
    reasons |= {cause.value for cause in EndCause}
    assert {"timeout", "error", "interrupted", "shutdown", "agent_end"} <= reasons
    documented = set(
        re.findall(
            r"^\| `(\w+)` \| (?:completed|failed) ", _read("docs/operations.md"), re.MULTILINE
        )
    )
    assert documented == reasons


def test_readme_names_targets_that_exist() -> None:
    targets = set(re.findall(r"^([\w-]+):", _read("Makefile"), re.MULTILINE))
    for page in PAGES:
        # Words at the start of a line of code, or in backticks: `make run`.
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"(?:^|`|\d )make ([a-z][\w-]*)", text, re.MULTILINE):
            assert target in targets, f"{page.name}: make {target}"


def test_readme_names_commands_that_exist() -> None:
    commands = {
        " ".join(path[1:])
        for path, _ in cli_reference.commands(cli_reference.root(), ("thunderbox",))
    }
    groups = {command.partition(" ")[0] for command in commands}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for command in re.findall(r"(?:bin/|`)thunderbox ([a-z]+)", text):
            assert command in groups, f"{page.name}: thunderbox {command}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


def test_changelog_has_this_version() -> None:
    assert f"## {thunderbox.__version__}\n" in _read("CHANGELOG.md")


@pytest.mark.parametrize("script", sorted((ROOT / "packaging").glob("*.sh")), ids=lambda p: p.name)
def test_shell_scripts_are_whole(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)


@pytest.mark.parametrize(
    ("flags", "on", "off"),
    [
        ("avx avx2 fma f16c bmi2", ["AVX2=ON", "FMA=ON"], ["AVX512=OFF", "AVX512_VNNI=OFF"]),
        (
            "avx avx2 fma f16c bmi2 avx512f avx512cd avx512vl avx512dq avx512bw avx512_vnni "
            "amx_tile amx_int8",
            ["AVX512=ON", "AVX512_VNNI=ON"],
            ["AMX_TILE=OFF", "AMX_INT8=OFF", "AVX512_BF16=OFF"],
        ),
        ("sse4_2", ["SSE42=ON"], ["AVX2=OFF", "NATIVE=OFF"]),
    ],
)
def test_llama_is_built_for_what_the_processor_has(
    tmp_path: Path, flags: str, on: list[str], off: list[str]
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: x\n")
    run = subprocess.run(
        [ROOT / "packaging" / "llama_flags.sh", cpuinfo],
        capture_output=True,
        text=True,
        check=True,
    )
    given = run.stdout.split()
    for flag in [*on, *off, "NATIVE=OFF"]:
        assert f"-DGGML_{flag}" in given


def test_locks_have_hashes_and_nothing_of_one_machine() -> None:
    for lock in sorted(ROOT.glob("requirements*.lock")):
        text = lock.read_text(encoding="utf-8")
        pinned = re.findall(
            r"^[a-z0-9][\w.-]*==\S+(?: ;[^\\]*)? \\\n    --hash=", text, re.MULTILINE
        )
        assert len(pinned) == len(re.findall(r"^[a-z0-9][\w.-]*==", text, re.MULTILINE)) > 5
        for word in ("file:", "--index", "--find-links", "/opt/", "://"):
            assert word not in text, f"{lock.name} holds {word}"


def test_locks_name_every_dependency() -> None:
    project = tomllib.loads(_read("pyproject.toml"))
    for lock, wanted in (
        ("requirements.lock", project["project"]["dependencies"]),
        ("requirements-dev.lock", project["dependency-groups"]["dev"]),
        ("requirements-build.lock", project["dependency-groups"]["build"]),
    ):
        for requirement in wanted:
            name = re.split(r"[=<>]", requirement)[0]
            assert re.search(rf"^{name}==", _read(lock), re.MULTILINE), f"{name} in {lock}"


def test_no_module_is_too_long() -> None:
    for path in (ROOT / "thunderbox").rglob("*.py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 500, f"{path.relative_to(ROOT)} has {lines} lines; one noun, one module"
