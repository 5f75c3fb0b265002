"""Call: the life of one call, from its row in the database to its last turn on disk.

The row exists before anything can be heard; whatever happens, it is closed with a reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from thunderbox.calls.acknowledgements import Acknowledgements
from thunderbox.calls.billing import Billing
from thunderbox.calls.closing import Closing
from thunderbox.calls.gallery import Gallery
from thunderbox.calls.incoming import Incoming
from thunderbox.calls.meter import Reading
from thunderbox.calls.patience import pace_of
from thunderbox.calls.ports import CallConfig, Clock
from thunderbox.calls.prompt import with_time
from thunderbox.calls.recording import Recorder
from thunderbox.calls.tools import AgentTools
from thunderbox.calls.transcript import Transcript
from thunderbox.calls.variables import filled
from thunderbox.errors import EngineError
from thunderbox.events import outbox
from thunderbox.events.catalogue import is_web
from thunderbox.outgoing.client import Client
from thunderbox.settings import Settings
from thunderbox.store import calls, organizations
from thunderbox.store.agents import NewAgent
from thunderbox.store.database import Database
from thunderbox.store.organization_webhooks import signing_secret
from thunderbox.voice import ambience, phrases
from thunderbox.voice.ambient_leg import AmbientLeg
from thunderbox.voice.call_recognizer import CallRecognizer
from thunderbox.voice.conversation import Conversation
from thunderbox.voice.engine import Sampling
from thunderbox.voice.languages import language_of
from thunderbox.voice.leg import EndCause, Leg
from thunderbox.voice.persona import CallEngines, Deadlines, Persona
from thunderbox.voice.preparation import prepare
from thunderbox.voice.tools import SEND_DIGITS

log = logging.getLogger(__name__)

FAILURES = frozenset(
    {
        "error",
        "interrupted",
        EndCause.LINE_FAILED.value,
        EndCause.MEDIA_LOST.value,
        EndCause.REGISTRATION_LOST.value,
    }
)
"""End reasons of an answered call that failed; every other one is a completed call."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every call needs of the box."""

    db: Database
    settings: Settings
    recorder: Recorder
    http: Client
    new_engines: Callable[[str], CallEngines]
    """Engines for one call of an agent of this product."""

    own_url: Callable[[], str]
    clock: Clock
    acknowledgements: Acknowledgements
    billing: Billing
    closing: Closing
    incoming: Incoming


class Call:
    """One call that has a row; `talk` or `fail` ends it."""

    def __init__(
        self, box: Surroundings, call_id: int, new: calls.NewCall, agent: NewAgent
    ) -> None:
        self.id = call_id
        self.gallery = Gallery(f"Call {call_id}")
        """Who follows the call."""
        self._box = box
        self._agent = agent
        self._org_id = new.org_id
        self._variables = new.variables
        self._answered_at: int | None = None
        self._cents_per_minute = box.billing.cents_per_minute(
            new.product, is_test_call=new.is_test_call
        )
        self._started_at = new.started_at
        self._outbound = new.direction == "outbound"
        self._conversation: Conversation | None = None
        self._parting: tuple[str, str] | None = None
        self._secrets: tuple[str, ...] = ()
        self._timezone = box.settings.calls.timezone

    @classmethod
    async def begin(cls, box: Surroundings, new: calls.NewCall, agent: NewAgent) -> Call:
        """Write the call's row and return the call."""
        async with box.db.transaction() as tx:
            call_id = await calls.insert(tx, new)
            if is_web(new.direction):
                await outbox.session_began(tx, call_id)
            timezone = await organizations.timezone(tx, new.org_id)
        log.info("Call %s begins (%s)", call_id, new.direction)
        call = cls(box, call_id, new, agent)
        call._timezone = timezone or call._timezone
        return call

    async def talk(self, leg: Leg, speak_order: str) -> None:
        """Hold the conversation on an answered leg and close the call."""
        box = self._box
        answered_at = box.clock.now_ms()
        self._answered_at = answered_at
        recording = box.recorder.start(self.id) if box.settings.calls.record else None
        async with box.db.transaction() as tx:
            await calls.set_answered(tx, self.id, answered_at)
            if recording is not None:
                await calls.set_recording(tx, self.id, recording.path.name, answered_at)
        transcript = Transcript(
            box.db, self.id, answered_at - self._started_at, recording, box.clock
        )
        reason = "error"
        try:
            leg = await self._with_background(leg)
            acknowledgement = filled(await box.acknowledgements.of(self._agent), self._variables)
            tools = await self._tools()
            transcript.status_of = tools.status_of
            self._conversation = self._new_conversation(
                leg, transcript, speak_order, acknowledgement, tools
            )
            if self._parting is not None:
                # It can only end once it has begun.
                loop = asyncio.get_running_loop()
                loop.call_soon(self._conversation.end_with, *self._parting)
            reason = await self._conversation.run()
        except EngineError as error:
            log.warning("Call %s: %s", self.id, error)
        finally:
            self._conversation = None
            try:
                await transcript.close()
                if recording is not None:
                    await recording.close()
                await self._close("failed" if reason in FAILURES else "completed", reason, None)
            finally:
                await self.gallery.close()

    async def prepare(self) -> None:
        """Let the language model read what the agent is told, while the phone rings."""
        engines = self._box.new_engines(self._agent.product)
        tools = await self._tools()
        await prepare(engines.language_model, self._persona(), tools.schemas)

    async def configure(self, config: CallConfig) -> None:
        """Go on with an agent of this call's own, which the call keeps and is charged for."""
        agent = config.agent
        async with self._box.db.transaction() as tx:
            await calls.configure(
                tx,
                self.id,
                prompt=agent.prompt,
                voice=agent.voice,
                product=agent.product,
                thinking_level=agent.thinking_level,
                tools=agent.tools,
                variables=dict(config.variables),
            )
        self._agent = agent
        self._variables = dict(config.variables)
        self._cents_per_minute = self._box.billing.cents_per_minute(
            agent.product, is_test_call=False
        )

    def sign_with(self, secrets: tuple[str, ...]) -> None:
        """Have the requests of the call's tools signed with these, if there are any."""
        self._secrets = secrets

    async def fail(self, reason: str, sip_status: int | None) -> None:
        """Close a call that was never answered."""
        await self._close("failed", reason, sip_status)

    def close_politely(self) -> None:
        """Say that the call has to end, then end it."""
        self._end_with(phrases.SHUTDOWN, "shutdown")

    def end_revoked(self) -> None:
        """Say that the call has to end, for what allowed it is gone, then end it."""
        self._end_with(phrases.SHUTDOWN, "revoked")

    @property
    def talks(self) -> bool:
        """Whether the conversation goes on."""
        return self._conversation is not None

    def whisper(self, text: str) -> None:
        """Tell the agent something that the caller does not hear."""
        if self._conversation is not None:
            self._conversation.whisper(text)

    def reading(self) -> Reading | None:
        """What the call costs while it is answered and has not ended."""
        if self._answered_at is None:
            return None
        return Reading(self.id, self._org_id, self._answered_at, self._cents_per_minute)

    def end_unpaid(self) -> None:
        """Say that the credit is used up, then end the call."""
        self._end_with(phrases.BALANCE_END, "insufficient_balance")

    def _end_with(self, phrase: str, reason: str) -> None:
        """Say a fixed sentence, then end the call; one that is not talking yet, once it does."""
        if self._conversation is None:
            self._parting = (phrase, reason)
        else:
            self._conversation.end_with(phrase, reason)

    async def _close(self, status: calls.EndStatus, reason: str, sip_status: int | None) -> None:
        self._answered_at = None
        async with self._box.db.transaction() as tx:
            await self._box.closing.close(
                tx,
                self.id,
                status=status,
                end_reason=reason,
                sip_status=sip_status or None,
                ended_at=self._box.clock.now_ms(),
            )
        log.info("Call %s is %s: %s", self.id, status, reason)

    async def _with_background(self, leg: Leg) -> Leg:
        """The leg with the agent's background track, if it has one."""
        name = self._agent.background_track
        if name not in ambience.TRACKS:
            return leg
        # Making a track takes longer than the loop may be held; it is made once.
        return AmbientLeg(leg, await asyncio.to_thread(ambience.track, name))

    async def _tools(self) -> AgentTools:
        box, tools = self._box, self._agent.tools
        secrets = self._secrets
        if tools and not secrets:
            secrets = (await signing_secret(box.db, self._org_id),)
        seconds = box.settings.calls.tool_seconds
        return AgentTools(tools, box.http, self.id, box.own_url, seconds, secrets)

    def _new_conversation(
        self,
        leg: Leg,
        transcript: Transcript,
        speak_order: str,
        acknowledgement: str,
        tools: AgentTools,
    ) -> Conversation:
        box, agent = self._box, self._agent
        voice = box.settings.voice
        pace = pace_of(
            agent,
            box.settings,
            agent_first=speak_order == "agent_first",
            outbound=self._outbound,
            acknowledges=bool(acknowledgement),
        )
        deadlines = Deadlines(
            transcribe=voice.transcribe_seconds,
            first_token=voice.first_token_seconds,
            speak=voice.speak_seconds,
        )
        engines = box.new_engines(agent.product)
        recognizer = CallRecognizer(engines.recognizer, _languages(agent))
        engines = replace(engines, recognizer=recognizer)
        persona = self._persona(acknowledgement)
        return Conversation(leg, persona, engines, tools, transcript, pace, deadlines, self.gallery)

    def _persona(self, acknowledgement: str = "") -> Persona:
        """The agent as this call has it."""
        box, agent = self._box, self._agent
        prompt = filled(agent.prompt, self._variables)
        return Persona(
            prompt=with_time(prompt, box.clock.now_ms(), self._timezone),
            voice=agent.voice,
            language=_languages(agent)[0],
            sampling=Sampling(
                thinking_tokens=box.settings.product(agent.product).thinking(agent.thinking_level)
            ),
            acknowledgement=acknowledgement,
            destinations={known["name"]: known["number"] for known in agent.transfer_destinations},
            presses_keys=self._outbound or SEND_DIGITS in agent.prompt,
            voicemail_message=filled(agent.voicemail_message, self._variables),
        )


def _languages(agent: NewAgent) -> list[str]:
    """What the agent may be spoken to in, its own language first."""
    return [language_of(name) for name in (agent.primary_language, *agent.additional_languages)]


def new_row(
    agent: NewAgent,
    *,
    org_id: int,
    agent_id: int | None,
    phone_number_id: int | None,
    direction: calls.Direction,
    from_number: str,
    to_number: str,
    started_at: int,
    variables: Mapping[str, Any] | None = None,
    publishable_key_id: int | None = None,
    idempotency_key: str | None = None,
    request_digest: str | None = None,
) -> calls.NewCall:
    """A call's row with the agent's configuration as it is now."""
    return calls.NewCall(
        org_id=org_id,
        agent_id=agent_id,
        phone_number_id=phone_number_id,
        direction=direction,
        from_number=from_number,
        to_number=to_number,
        started_at=started_at,
        prompt=agent.prompt,
        voice=agent.voice,
        product=agent.product,
        thinking_level=agent.thinking_level,
        tools=agent.tools,
        variables=dict(variables or {}),
        publishable_key_id=publishable_key_id,
        idempotency_key=idempotency_key,
        request_digest=request_digest,
    )
