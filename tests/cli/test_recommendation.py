"""Which models are recommended for which product."""

from __future__ import annotations

import pytest

from thunderbox.cli.recommendation import PATIENCE_MS, Measured, recommend
from thunderbox.products import PRODUCTS
from thunderbox.voice.benchmark import Speed, Subject


def speech(name: str, size: int, ms: float) -> tuple[Subject, Speed]:
    """A speech model that takes so long for an utterance."""
    return Subject(name, "speech", name, size), Speed(1.0, utterance_ms=ms, real_time_factor=0.1)


def mind(name: str, size: int, read: float, write: float) -> tuple[Subject, Speed]:
    """A language model that reads and writes so many tokens a second."""
    return Subject(name, "language", name, size), Speed(
        1.0, read_tokens_per_second=read, write_tokens_per_second=write
    )


def voice(name: str, size: int, ms: float) -> tuple[Subject, Speed]:
    """A voice whose first sound takes so long."""
    return Subject(name, "voice", name, size), Speed(1.0, first_audio_ms=ms, real_time_factor=0.1)


QUICK_BOX: Measured = dict(
    [
        speech("starter", 3, 30),
        speech("base", 145, 110),
        speech("small", 480, 350),
        mind("starter", 5, 10_000, 1_000),
        mind("half", 490, 250, 50),
        mind("three", 2_100, 40, 10),
        voice("espeak-ng", 0, 10),
        voice("piper", 63, 150),
    ]
)


def test_every_product_has_its_patience() -> None:
    assert set(PATIENCE_MS) == set(PRODUCTS)


@pytest.mark.parametrize(
    ("product", "language"),
    [("spark", "half"), ("bolt", "half"), ("storm-base", "three"), ("storm-extra", "three")],
)
def test_a_product_gets_the_largest_model_that_is_quick_enough(product: str, language: str) -> None:
    found = {one.product: one for one in recommend(QUICK_BOX, 350)}
    assert found[product].language == language
    assert found[product].in_time


def test_all_products_share_the_largest_quick_speech_model_and_voice() -> None:
    found = recommend(QUICK_BOX, 350)
    assert {(one.speech, one.voice) for one in found} == {("base", "piper")}


def test_an_answer_never_comes_before_the_configured_pause() -> None:
    only = dict([speech("s", 1, 1), mind("m", 1, 1e6, 1e6), voice("v", 1, 1)])
    assert {one.answer_ms for one in recommend(only, 900)} == {900.0}


def test_where_nothing_is_quick_enough_the_quickest_is_named_and_marked() -> None:
    slow = dict(
        [
            speech("s", 1, 2_000),
            mind("less", 1, 10, 3),
            mind("more", 2, 5, 1),
            voice("v", 1, 2_000),
        ]
    )
    found = recommend(slow, 350)
    assert {one.language for one in found} == {"less"}
    assert not any(one.in_time for one in found)


def test_a_model_that_writes_slower_than_speech_is_not_recommended() -> None:
    box = dict(
        [speech("s", 1, 10), mind("small", 1, 1e4, 100), mind("big", 2, 1e4, 5), voice("v", 1, 1)]
    )
    assert {one.language for one in recommend(box, 350)} == {"small"}


def test_without_a_model_of_each_kind_nothing_is_recommended() -> None:
    assert recommend(dict([speech("s", 1, 10)]), 350) == []
