"""What agents say while they think: whose word it is, when it is written, and what is kept."""

from __future__ import annotations

import asyncio

import pytest

from tests.calls.conftest import Box
from tests.fakes.engines import FakeModel
from thunderbox.calls.acknowledgements import Acknowledgements
from thunderbox.errors import EngineError
from thunderbox.store import acknowledgements as kept
from thunderbox.store import agents
from thunderbox.store.agents import Agent, NewAgent
from thunderbox.store.database import Database
from thunderbox.voice.acknowledgement import FIXED
from thunderbox.voice.prompt_writer import PromptWriter


async def _agent(db: Database, **fields: object) -> Agent:
    values = {"name": "A", "prompt": "You are a desk.", "voice": "v", "product": "spark"} | fields
    async with db.transaction() as tx:
        return await agents.insert(tx, 1, NewAgent(**values), "me@example.com")  # type: ignore[arg-type]


def _all(db: Database, answer: str | Exception, sounds: list[str] | None = None):
    """Phrases written by a model of this answer; also the model."""
    model = FakeModel(lambda _: answer)

    async def prepare(text: str, _voice: str) -> None:
        if sounds is not None:
            sounds.append(text)

    return Acknowledgements(db, PromptWriter(model), prepare), model


async def _written(box: Acknowledgements) -> None:
    """Wait until nothing is written any more."""
    async with asyncio.timeout(5):
        while box._writing:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("product", ["spark", "bolt", "storm-base", "storm-extra"])
async def test_other_products_say_nothing(db: Database, product: str) -> None:
    phrases, model = _all(db, "Let me see.")
    assert await phrases.of(await _agent(db, product=product)) == ""
    assert model.asked == []


async def test_the_agents_own_word_is_said_as_it_is(db: Database) -> None:
    sounds: list[str] = []
    phrases, model = _all(db, "Let me see.", sounds)
    agent = await _agent(
        db,
        product="storm-base-with-ack",
        acknowledgement_prompt_mode="manual",
        acknowledgement_prompt=" Hang on, darling. ",
    )
    assert await phrases.of(agent) == "Hang on, darling."
    await asyncio.sleep(0)
    assert sounds == ["Hang on, darling."]
    assert model.asked == []
    await phrases.close()


async def test_it_is_written_once_for_each_agent_and_language_and_kept(db: Database) -> None:
    phrases, model = _all(db, '"One second, I am  checking."')
    agent = await _agent(db, product="storm-extra-with-ack")
    model.gate = asyncio.Event()
    assert await phrases.of(agent) == FIXED["en"]
    assert await phrases.of(agent) == FIXED["en"]
    model.gate.set()
    await _written(phrases)
    assert await phrases.of(agent) == "One second, I am checking."
    again, other = _all(db, "Hold on.")
    assert await again.of(agent) == "One second, I am checking."
    assert (len(model.asked), len(other.asked)) == (1, 0)
    spanish = await _agent(db, product="storm-extra-with-ack", primary_language="es-MX")
    assert await again.of(spanish) == FIXED["es"]
    await _written(again)
    assert len(other.asked) == 1
    await phrases.close()
    await again.close()


@pytest.mark.parametrize("answer", ["", "We are open from nine to five.", "What is your name?"])
async def test_what_a_model_cannot_write_is_the_fixed_phrase(db: Database, answer: str) -> None:
    phrases, model = _all(db, answer)
    agent = await _agent(db, product="storm-base-with-ack", primary_language="de-DE")
    await phrases.of(agent)
    await _written(phrases)
    assert await phrases.of(agent) == FIXED["de"]
    await _written(phrases)
    assert len(model.asked) == 1
    found = await kept.get(db, agent.id, "de")
    assert found is not None
    assert (found.text, found.model, found.used_fallback) == (FIXED["de"], "fake", True)


async def test_a_new_model_is_asked_where_the_old_one_could_not(db: Database) -> None:
    phrases, _ = _all(db, "")
    agent = await _agent(db, product="storm-base-with-ack")
    await phrases.of(agent)
    await _written(phrases)
    better, model = _all(db, "Let me look that up.")
    model.name = "better"
    await better.of(agent)
    await _written(better)
    assert await better.of(agent) == "Let me look that up."


async def test_a_model_that_fails_costs_no_call(db: Database) -> None:
    phrases, _ = _all(db, EngineError("Broken."))
    agent = await _agent(db, product="storm-base-with-ack")
    assert await phrases.of(agent) == FIXED["en"]
    await _written(phrases)
    assert await phrases.of(agent) == FIXED["en"]


async def test_an_agent_that_is_deleted_meanwhile_leaves_nothing(db: Database) -> None:
    phrases, model = _all(db, "Let me see.")
    model.gate = asyncio.Event()
    agent = await _agent(db, product="storm-base-with-ack")
    await phrases.of(agent)
    async with db.transaction() as tx:
        assert await agents.delete(tx, 1, agent.id)
    model.gate.set()
    await _written(phrases)
    assert await kept.get(db, agent.id, "en") is None


async def test_the_config_of_a_single_call_has_the_fixed_phrase(box: Box) -> None:
    config = NewAgent(
        name="", prompt="p", voice="v", product="storm-base-with-ack", primary_language="fr"
    )
    assert await box.surroundings.acknowledgements.of(config) == FIXED["fr"]
    await asyncio.sleep(0)
    assert box.prepared == [(FIXED["fr"], "v")]
