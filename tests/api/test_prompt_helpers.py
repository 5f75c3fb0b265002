"""The helpers for people who write prompts: what they answer, and when they could not."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import Outside
from thunderbox.errors import EngineError
from thunderbox.voice.acknowledgement import FIXED

SPANISH = "Hola, gracias por llamar a la clínica. Sea breve y amable."
ENGLISH = "Hello, thank you for calling the clinic. Be brief and kind."


async def _post(client: httpx.AsyncClient, path: str, **body: object) -> dict:
    answer = await client.post(f"/v1/agents/{path}", json=body)
    assert answer.status_code == 200
    return answer.json()


async def test_the_language_of_a_prompt(client: httpx.AsyncClient) -> None:
    found = await _post(client, "prompt-language-check", prompt="Hola, gracias por llamar...")
    assert 0.5 < found.pop("confidence") <= 1.0
    assert found == {
        "detected_language_code": "es",
        "detected_language_name": "Spanish",
        "mismatch": True,
        "provider": "py3langid",
        "explanation": "The prompt is written in Spanish, not in English.",
        "target_language_code": "en",
        "target_language_name": "English",
    }


@pytest.mark.parametrize(
    ("prompt", "locale", "code", "mismatch"),
    [
        (SPANISH, "es-MX", "es", False),
        (ENGLISH, "en-GB", "en", False),
        (ENGLISH, "de", "en", True),
        ("ok", "de", "und", False),
    ],
)
async def test_a_mismatch(
    client: httpx.AsyncClient, prompt: str, locale: str, code: str, mismatch: bool
) -> None:
    found = await _post(client, "prompt-language-check", prompt=prompt, target_locale=locale)
    assert (found["detected_language_code"], found["mismatch"]) == (code, mismatch)
    assert bool(found["explanation"]) is (mismatch or code == "und")


async def test_a_translation(client: httpx.AsyncClient, outside: Outside) -> None:
    outside.written = ENGLISH
    assert await _post(client, "translate-prompt", prompt=SPANISH, target_locale="en-US") == {
        "translated_prompt": ENGLISH,
        "source_language_code": "es",
        "source_language_name": "Spanish",
        "provider": "fake",
        "used_fallback": False,
        "target_language_code": "en",
        "target_language_name": "English",
        "warning": "",
    }


async def test_a_translation_that_the_model_could_not_make(
    client: httpx.AsyncClient, outside: Outside
) -> None:
    outside.written = EngineError("Broken.")
    found = await _post(client, "translate-prompt", prompt=SPANISH)
    assert (found["translated_prompt"], found["used_fallback"]) == (SPANISH, True)
    assert "fake could not translate this prompt" in found["warning"]


@pytest.mark.parametrize(
    ("written", "phrase", "used_fallback"),
    [("Let me look that up.", "Let me look that up.", False), ("Five.", FIXED["en"], True)],
)
async def test_an_acknowledgement(
    client: httpx.AsyncClient, outside: Outside, written: str, phrase: str, used_fallback: bool
) -> None:
    outside.written = written
    for body in ({}, {"prompt": "You are a desk.", "target_locale": "en-US"}):
        assert await _post(client, "generate-acknowledgement-prompt", **body) == {
            "acknowledgement_prompt": phrase,
            "provider": "fake",
            "used_fallback": used_fallback,
        }


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("prompt-language-check", {}, "prompt"),
        ("translate-prompt", {"prompt": " "}, "prompt"),
        ("translate-prompt", {"prompt": "Hi", "target_locale": "tlh"}, "target_locale"),
        ("translate-prompt", {"prompt": "x" * 50_001}, "prompt"),
        ("generate-acknowledgement-prompt", {"target_locale": "!"}, "target_locale"),
    ],
)
async def test_what_is_wrong_is_named(
    client: httpx.AsyncClient, path: str, body: dict[str, str], field: str
) -> None:
    answer = await client.post(f"/v1/agents/{path}", json=body)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


@pytest.mark.parametrize(
    "path", ["prompt-language-check", "translate-prompt", "generate-acknowledgement-prompt"]
)
async def test_they_need_a_key(anonymous: httpx.AsyncClient, path: str) -> None:
    assert (await anonymous.post(f"/v1/agents/{path}", json={"prompt": "Hi"})).status_code == 401
