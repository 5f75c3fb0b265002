"""Which model each product gets, with models that are files of a size and nothing more."""

from __future__ import annotations

from pathlib import Path

import pytest

from thunderbox.errors import StartError
from thunderbox.voice import tiers
from thunderbox.voice.engine import ModelCard
from thunderbox.voice.models import language_card
from thunderbox.voice.tiers import choose_tiers, who_uses_what

SIZES = {"small": 20_000, "middle": 60_000, "large": 90_000}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    for name, size in SIZES.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.gguf").write_bytes(b"GGUF" + bytes(size))
    return tmp_path


def _names(shelf: Path, *wanted: str, base: str = "small") -> list[str]:
    named = dict(zip(("spark", "bolt", "storm-base", "storm-extra"), wanted, strict=False))
    chosen = choose_tiers(named, language_card(base, shelf), shelf)
    return [tier.card.name for tier in chosen.values()]


@pytest.mark.parametrize(
    ("wanted", "used"),
    [
        (("", "", "", ""), ["small", "small", "small", "small"]),
        (("", "middle", "", "large"), ["small", "middle", "small", "large"]),
        (("", "middle", "absent", "large"), ["small", "middle", "middle", "large"]),
        (("", "absent", "middle", "absent"), ["small", "small", "middle", "middle"]),
        (("large", "absent", "absent", "absent"), ["large", "large", "large", "large"]),
    ],
)
def test_a_missing_model_is_replaced_by_that_of_a_smaller_product(
    shelf: Path, wanted: tuple[str, ...], used: list[str]
) -> None:
    assert _names(shelf, *wanted) == used


class _Size:
    size = 70_000


def test_where_its_size_is_known_the_next_smaller_installed_one_is_taken(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiers, "catalogue", lambda: {"known": _Size})
    assert _names(shelf, "", "known") == ["small", "middle"]


def test_a_model_that_cannot_run_here_is_replaced_too(shelf: Path) -> None:
    def check(card: ModelCard) -> None:
        if card.name == "large":
            raise StartError("The model large died.")

    base = language_card("small", shelf)
    chosen = choose_tiers({"spark": "", "bolt": "large"}, base, shelf, check)
    assert chosen["bolt"].card == base
    assert chosen["bolt"].note == "The model large died. Until then bolt uses small."


def test_the_note_says_what_is_missing_and_what_to_do(shelf: Path) -> None:
    base = language_card("small", shelf)
    note = choose_tiers({"bolt": "qwen2.5-1.5b"}, base, shelf)["bolt"].note
    assert note.startswith('product_bolt.language_model is "qwen2.5-1.5b", but there is no such')
    assert "thunderbox models pull qwen2.5-1.5b" in note
    assert note.endswith("Until then bolt uses large.")


def test_the_line_about_who_uses_what(shelf: Path) -> None:
    base = language_card("small", shelf)
    chosen = choose_tiers({"spark": "", "bolt": "middle", "storm-base": ""}, base, shelf)
    assert who_uses_what(chosen) == "spark, storm-base: small; bolt: middle"
