"""A box without a telephone: real database, real recorder, engines that answer as told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.data import opened
from tests.fakes.clock import FakeClock
from tests.fakes.engines import FakeModel, FakeRecognizer, FakeSynthesizer, Loudness
from thunderbox.api import call_config
from thunderbox.calls import first_start
from thunderbox.calls.acknowledgements import Acknowledgements
from thunderbox.calls.billing import Billing
from thunderbox.calls.call import Surroundings
from thunderbox.calls.closing import Closing
from thunderbox.calls.incoming import Incoming
from thunderbox.calls.recording import Recorder
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules
from thunderbox.settings import Settings
from thunderbox.store.database import Database
from thunderbox.voice.engine import Message
from thunderbox.voice.persona import CallEngines
from thunderbox.voice.prompt_writer import PromptWriter


@dataclass
class Box:
    """The surroundings of a call, and what the test needs to see."""

    surroundings: Surroundings
    clock: FakeClock
    recordings: Path
    billing: Billing
    said: str = "Hello."
    written: str = "Let me see."
    prepared: list[tuple[str, str]] = field(default_factory=list)
    asked: list[Sequence[Message]] = field(default_factory=list)
    read_ahead: list[list[Message]] = field(default_factory=list)
    """What the language model read before it was asked."""

    def answer(self, messages: Sequence[Message]) -> str:
        """What the language model says."""
        self.asked.append(messages)
        return self.said

    @property
    def db(self) -> Database:
        """The database."""
        return self.surroundings.db


@pytest.fixture
async def db(tables: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A database as a first start leaves it: organization 1, agent 1, number 1."""
    async with opened(tables, tmp_path) as database:
        await first_start.prepare(database, "en-US-James1")
        yield database


@pytest.fixture
async def box(db: Database, tmp_path: Path) -> AsyncIterator[Box]:
    """The box."""
    clock = FakeClock()
    recorder = Recorder(tmp_path / "recordings")

    def engines(_product: str) -> CallEngines:
        model = FakeModel(made.answer)
        model.warmed = made.read_ahead
        return CallEngines(FakeRecognizer("Hello?"), FakeSynthesizer(), model, Loudness())

    voice = FakeSynthesizer()
    writer = PromptWriter(FakeModel(lambda _: made.written))

    async def prepare(text: str, voice_id: str) -> None:
        made.prepared.append((text, voice_id))
        async for _ in voice.speak(text, voice_id):
            pass

    acknowledgements = Acknowledgements(db, writer, prepare)
    billing = Billing(db, Settings(), clock)
    outgoing = Client(Rules(["127.0.0.0/8"]))
    incoming = Incoming(db, outgoing, lambda raw: call_config.of_answer(raw, voice.voices()), clock)
    made = Box(
        Surroundings(
            db=db,
            settings=Settings(),
            recorder=recorder,
            http=outgoing,
            new_engines=engines,
            own_url=lambda: "http://127.0.0.1:1",
            clock=clock,
            acknowledgements=acknowledgements,
            billing=billing,
            closing=Closing(billing, graded=True),
            incoming=incoming,
        ),
        clock,
        tmp_path / "recordings",
        billing,
    )
    yield made
    await acknowledgements.close()
    await incoming.close()
    await outgoing.close()
    recorder.close()
