"""The catalogue of recommended models."""

from __future__ import annotations

import re

import pytest

from thunderbox.voice.catalogue import _FILE, Recommended, catalogue, how_to_get, read

MODELS = list(catalogue().values())
ONE = """
[[model]]
name = "x"
kind = "turn"
purpose = "To test."
licence = "MIT"
languages = ["en"]
memory = 1
repo = "a/b"
revision = "main"
files = [{ path = "x.onnx" }]
"""


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_is_described(model: Recommended) -> None:
    assert model.purpose.endswith(".")
    assert model.licence != "unknown"
    names = [file.name for file in model.files]
    assert len(set(names)) == len(names)
    suffixes = {"speech": "model.bin", "language": ".gguf", "voice": ".onnx", "turn": ".onnx"}
    assert names[0].endswith(suffixes[model.kind])
    assert ("config.json" in names and "tokenizer.json" in names) == (model.kind == "speech")
    assert (f"{names[0]}.json" in names) == (model.kind == "voice")
    assert 1_000_000 < model.size < 10_000_000_000
    assert model.memory * 1_000_000 > model.size
    for file in model.files:
        assert file.sha256, "a file without a hash is allowed; the documentation says none is"


def test_every_kind_is_there() -> None:
    assert {model.kind for model in MODELS} == {"speech", "language", "voice", "turn"}


def test_a_voice_is_named_like_its_file() -> None:
    for model in MODELS:
        if model.kind == "voice":
            assert model.files[0].name == f"{model.name}.onnx"
            assert model.name.startswith(model.languages[0].replace("-", "_"))


def test_a_hash_may_be_left_out() -> None:
    assert read(ONE)["x"].files[0].sha256 is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "x"', 'name = "../x"'),
        ('name = "x"', 'name = ".x"'),
        ('name = "x"', ""),
        ('kind = "turn"', 'kind = "other"'),
        ('licence = "MIT"', 'licence = ""'),
        ('languages = ["en"]', "languages = []"),
        ("memory = 1", "memory = 0"),
        ('repo = "a/b"', 'repo = "a"'),
        ('path = "x.onnx"', 'path = "/etc/passwd"'),
        ('path = "x.onnx"', 'path = "a/../x.onnx"'),
        ('path = "x.onnx"', 'path = "x.onnx", sha256 = "abc"'),
        ('path = "x.onnx"', 'path = "x.onnx", size = 0'),
        ("[[model]]", "color = 1\n[[model]]"),
    ],
)
def test_what_a_catalogue_must_not_hold(old: str, new: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(ONE.replace(old, new))


def test_names_are_unique() -> None:
    with pytest.raises(ValueError, match="same name"):
        read(ONE + ONE)


def test_how_to_get() -> None:
    assert how_to_get("base") == "Run `thunderbox models pull base`"
    assert "models list" in how_to_get("other")


def test_hashes_are_whole() -> None:
    text = _FILE.read_text(encoding="utf-8")
    assert len(re.findall(r'^sha256 = "[0-9a-f]{64}"$', text, re.MULTILINE)) == text.count(
        "sha256 ="
    )
