"""Languages: what a text is written in, and how phrases for a wait are told from answers."""

from __future__ import annotations

import pytest

from thunderbox.voice.acknowledgement import FIXED, fixed, is_fit, tidy
from thunderbox.voice.languages import NAMES, detect, language_of, name_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("You are a friendly receptionist for a dental office.", "en"),
        ("Hola, gracias por llamar...", "es"),
        ("Du bist die Rezeption der Praxis.", "de"),
        ("Je bent de receptioniste van een tandartspraktijk. Wees vriendelijk.", "nl"),
        ("您好 感谢您的来电", "zh"),
        ("Sie sprechen mit {{customer_name}}, siehe https://example.com/hello-world.", "de"),
        ("ok", "und"),
        ("+1 415 555 0100", "und"),
        ("", "und"),
    ],
)
def test_the_language_of_a_text(text: str, code: str) -> None:
    found = detect(text)
    assert found.code == code
    assert 0.0 <= found.confidence <= 1.0


@pytest.mark.parametrize(
    ("locale", "code", "name"),
    [
        ("en-US", "en", "English"),
        ("pt_BR", "pt", "Portuguese"),
        ("nb-NO", "no", "Norwegian"),
        ("ZH", "zh", "Chinese"),
        ("tlh", "tlh", "tlh"),
    ],
)
def test_the_language_of_a_locale(locale: str, code: str, name: str) -> None:
    assert (language_of(locale), name_of(code)) == (code, name)


@pytest.mark.parametrize("language", FIXED)
def test_every_fixed_phrase_is_fit_itself(language: str) -> None:
    assert language in NAMES
    assert is_fit(FIXED[language], language)
    assert detect(FIXED[language]).code in (language, "und")


def test_a_language_without_a_phrase_of_its_own_has_the_english_one() -> None:
    assert fixed("th") == FIXED["en"]


@pytest.mark.parametrize(
    ("phrase", "language", "fit"),
    [
        ("Let me check that for you.", "en", True),
        ("We are open from nine to five.", "en", False),
        ("Let me see: we open at 9.", "en", False),
        ("One moment, may I have your name?", "en", False),
        ("", "en", False),
        ("One moment. " * 8, "en", False),
        ("<tool_call>look</tool_call>", "en", False),
        ("Un momento, voy a revisarlo.", "es", True),
        ("Estamos abiertos de lunes a viernes.", "es", False),
        ("รอสักครู่", "th", True),
        ("...", "th", False),
    ],
)
def test_what_is_fit_to_be_said_before_any_answer(phrase: str, language: str, fit: bool) -> None:
    assert is_fit(phrase, language) is fit


def test_quotation_marks_are_not_spoken() -> None:
    assert tidy(' "Let me\n see." ') == "Let me see."
