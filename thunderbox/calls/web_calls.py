"""Web calls: sessions in web pages, from the request to the end of the talk.

A session is a call like any other: its row is written, its room is opened, and a task of its own
waits for the visitor and holds the conversation. It ends early when the key that opened it no
longer lets its page in, or its agent is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from thunderbox.calls import origins, receivers
from thunderbox.calls.call import Call, Surroundings, new_row
from thunderbox.calls.incoming import Question
from thunderbox.calls.linked_tools import SomeAgent, equipped
from thunderbox.calls.outbound import outcome
from thunderbox.calls.page_context import with_context
from thunderbox.calls.ports import Room, Rooms
from thunderbox.calls.requests import OpenMic, OpenWidget, PartState, WebSession
from thunderbox.calls.switchboard import Switchboard
from thunderbox.errors import (
    ForbiddenError,
    FullError,
    LegError,
    NotFoundError,
    RequestError,
    RoomError,
    StoreError,
    TooManyError,
)
from thunderbox.store import agents, calls, publishable_keys
from thunderbox.store.agents import Agent, NewAgent
from thunderbox.store.publishable_keys import PublishableKey
from thunderbox.voice.leg import EndCause, Ended
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often it is looked whether running sessions may go on, if anything was written meanwhile."""
OPEN_S = 5.0
"""How long a room may take to be opened."""
JOIN_MARGIN_S = 30.0
"""The room itself gives up after `web.join_seconds`, or where no sound gets through; this is for
one that does not."""
CLOSE_S = 1.5
"""How long what ends may take when the box stops."""
RETRY_S = 30
"""When it is worth asking again where a key has all its sessions."""
VISITOR = "web"
"""What stands for the number of a visitor."""
FULL = "No more sessions in web pages are taken; web.max_sessions says how many there may be."
UNAVAILABLE = "agent_unavailable"


@dataclass(eq=False, slots=True)
class _Session:
    """One session, which takes a place from its request on."""

    direction: calls.Direction
    org_id: int
    agent: Agent | None
    """Who speaks; None where a webhook says who does."""
    key: PublishableKey | None = None
    """As it was when the session began."""
    origin: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    context: str = ""
    call: Call | None = None
    room: Room | None = None
    talks: bool = False
    ending: str = ""
    """Why it ends early, as the call's end_reason."""


class WebCalls:
    """Opens sessions, knows every one that runs, and ends those that may not go on."""

    def __init__(self, box: Surroundings, switchboard: Switchboard, rooms: Rooms) -> None:
        self._box = box
        self._settings = box.settings.web
        self._switchboard = switchboard
        self._rooms = rooms
        self._sessions: set[_Session] = set()
        self._tasks = Tasks("sessions in web pages")
        self._looking = Tasks("keys of sessions in web pages")
        self._closing = False

    @property
    def running(self) -> int:
        """Sessions that take a place."""
        return len(self._sessions)

    def part(self) -> PartState:
        """How many sessions there are, as the box says of itself."""
        most = self._settings.max_sessions
        facts = {"sessions": self.running, "sessions_max": most}
        return PartState(ok=True, detail="" if self.running < most else FULL, facts=facts)

    def start(self) -> None:
        """Begin to look whether running sessions may go on."""
        self._looking.spawn(self._look())

    async def open_mic(self, request: OpenMic) -> WebSession:
        """Begin a session with an agent.

        Raises NotFoundError, PaymentError, FullError or RoomError.
        """
        agent = await agents.get(self._box.db, request.org_id, request.agent_id)
        if agent is None:
            raise NotFoundError(
                f"There is no agent {request.agent_id}; GET /v1/agents lists those there are."
            )
        return await self._open(_Session("mic", request.org_id, agent))

    async def open_widget(self, request: OpenWidget) -> WebSession:
        """Begin a session for the visitor of a page.

        Raises ForbiddenError, NotFoundError, PaymentError, TooManyError, FullError or RoomError.
        """
        key = request.key
        agent = None
        if key.agent_id is not None:
            agent = await agents.get(self._box.db, key.org_id, key.agent_id)
        if key.mode == "agent":
            agent = _reachable(agent, key)
        elif agent is not None and not agent.widget_enabled:
            agent = None
        if agent is not None:
            agent = msgspec.structs.replace(
                agent,
                prompt=with_context(agent.prompt, request.context),
                voice=request.voice or agent.voice,
                primary_language=request.primary_language or agent.primary_language,
            )
        return await self._open(
            _Session(
                "widget",
                key.org_id,
                agent,
                key,
                request.origin,
                request.variables,
                request.context,
            )
        )

    async def review(self) -> None:
        """End the sessions whose key, page or agent does not let them go on."""
        for session in list(self._sessions):
            if session.room is not None:
                await self._check(session)

    def dismiss(self) -> None:
        """Let nobody in any more, and send away who has not come yet: the box is going down."""
        self._closing = True
        for session in self._sessions:
            if not session.talks:
                self._end(session, "shutdown")

    async def close(self) -> None:
        """Collect what still runs."""
        self.dismiss()
        await self._looking.close()
        await self._tasks.close(grace_s=CLOSE_S)

    # ------------------------------------------------------------ how a session begins

    async def _open(self, session: _Session) -> WebSession:
        self._admit(session)
        try:
            await self._box.billing.require_credit(session.org_id)
            return await self._begin(session)
        except BaseException:
            self._leave(session)
            raise

    def _admit(self, session: _Session) -> None:
        """Give a session its place. Raises TooManyError, FullError."""
        limits, key = self._settings, session.key
        if self._closing:
            raise FullError("This box is shutting down; try again in a minute.")
        if key is not None:
            taken = sum(1 for one in self._sessions if one.key and one.key.id == key.id)
            if taken >= limits.max_sessions_per_key:
                raise TooManyError(
                    f"This key has all sessions that it may have at a time ({taken}, "
                    "web.max_sessions_per_key). Try again when one has ended.",
                    RETRY_S,
                    code="too_many_sessions",
                )
        if len(self._sessions) >= limits.max_sessions:
            raise FullError(
                "This box has all sessions in web pages that it takes at a time "
                f"({limits.max_sessions}, web.max_sessions). Try again when one has ended."
            )
        self._sessions.add(session)

    async def _begin(self, session: _Session) -> WebSession:
        """Write the call's row and open its room. Raises NotFoundError, RoomError."""
        box = self._box
        if session.agent is not None:
            equipped_agent = await equipped(box.db, session.org_id, session.agent)
            session.agent = self._limited(equipped_agent)
        voice = box.settings.voice.default_voice
        known = session.agent or self._limited(NewAgent(name="", prompt="", voice=voice))
        row = new_row(
            known,
            org_id=session.org_id,
            agent_id=None if session.agent is None else session.agent.id,
            phone_number_id=None,
            direction=session.direction,
            from_number=VISITOR,
            to_number="",
            started_at=box.clock.now_ms(),
            variables=session.variables,
            publishable_key_id=None if session.key is None else session.key.id,
        )
        call = session.call = await Call.begin(box, row, known)
        self._switchboard.enter(call)
        try:
            speaking = await self._who_speaks(
                session, call, Question.of(call.id, row, session.context or None)
            )
            name = known.name or (session.key.name if session.key else "") or "Agent"
            async with asyncio.timeout(OPEN_S):
                room = await self._rooms.open(f"{session.direction}-{call.id}", name)
        except RequestError:
            await call.fail("no_agent", None)
            raise
        except (LegError, TimeoutError) as error:
            log.warning("Call %s has no room: %s", call.id, error or "it took too long")
            await call.fail("error", None)
            raise RoomError(
                "No room for the session could be opened. Try again in a moment; the log of the "
                "box says why."
            ) from error
        except BaseException:
            await asyncio.shield(call.fail("shutdown" if self._closing else "error", None))
            raise
        session.room = room
        if self._closing:
            self._end(session, "shutdown")
        self._tasks.spawn(self._hold(session, call, room, speaking.inbound_speak_order))
        return WebSession(call_id=call.id, ticket=room.ticket, agent_name=name)

    async def _who_speaks(self, session: _Session, call: Call, question: Question) -> NewAgent:
        """The agent of the session, by the key's webhook where it has one.

        Raises NotFoundError.
        """
        asked = receivers.of_key(session.key) if session.key is not None else []
        if not asked and session.agent is not None:
            told = await receivers.of_organization(
                self._box.db,
                session.org_id,
                session.direction,
                session.agent.id,
                self._box.clock.now_ms(),
            )
            call.sign_with(told[0].secrets if told else ())
            return session.agent
        found = await self._box.incoming.ask(question, asked)
        call.sign_with(found.secrets)
        if found.config is not None:
            config = replace(found.config, agent=self._limited(found.config.agent))
            await call.configure(config)
            session.agent = None
            return config.agent
        if session.agent is None:
            raise NotFoundError(
                "The webhook of this key named no agent, and the key has none that may be "
                "reached from web pages: give it an agent_id, or see in GET "
                "/v1/developer/webhook-deliveries what the webhook answered.",
                code=UNAVAILABLE,
            )
        return session.agent

    def _limited(self, agent: SomeAgent) -> SomeAgent:
        """The agent with sessions as short as the box wants them."""
        longest = self._settings.max_session_seconds
        seconds = min(agent.max_call_duration_seconds or longest, longest)
        return msgspec.structs.replace(agent, max_call_duration_seconds=seconds)

    # ------------------------------------------------------------ how it goes on

    async def _hold(self, session: _Session, call: Call, room: Room, speak_order: str) -> None:
        """Wait for the visitor, and talk."""
        try:
            # What was written while the session was opened, nobody has looked at yet.
            await self._check(session)
            ended = await self._joined(call, room)
            if session.ending:
                await call.fail(session.ending, None)
            elif ended is not None:
                left = ended.cause is EndCause.CALLER_HANGUP
                await call.fail((EndCause.CANCELLED if left else ended.cause).value, None)
            else:
                session.talks = True
                call.gallery.add(room)
                await call.talk(room.leg, speak_order)
        except LegError:
            log.info("Call %s: nobody came", call.id)
            await call.fail("no_answer", None)
        except StoreError:
            log.exception("Call %s", call.id)
            await call.fail("error", None)
        except asyncio.CancelledError:
            await asyncio.shield(call.fail("shutdown", None))
            raise
        finally:
            self._leave(session)
            await room.leg.hang_up()

    async def _joined(self, call: Call, room: Room) -> Ended | None:
        """None once the visitor is there; meanwhile the agent reads what it is told.

        Raises LegError when nobody comes.
        """
        reading = self._tasks.spawn(call.prepare())
        try:
            return await outcome(room.leg, self._settings.join_seconds + JOIN_MARGIN_S)
        finally:
            reading.cancel()

    def _leave(self, session: _Session) -> None:
        self._sessions.discard(session)
        if session.call is not None:
            self._switchboard.leave(session.call)

    # ------------------------------------------------------------ whether it may go on

    async def _look(self) -> None:
        seen: int | None = None
        while True:
            await asyncio.sleep(LOOK_S)
            version = self._box.db.version()
            if not self._sessions or (version is not None and version == seen):
                continue
            try:
                await self.review()
                seen = version
            except StoreError:
                log.exception("The keys of running sessions could not be read")

    async def _check(self, session: _Session) -> None:
        """End a session that may not go on, politely where somebody listens."""
        if session.ending or session.call is None or await self._may_go_on(session):
            return
        log.info("Call %s ends: what allowed it is gone", session.call.id)
        self._end(session, "revoked")
        if session.talks:
            session.call.end_revoked()

    def _end(self, session: _Session, why: str) -> None:
        """Send away a visitor who has not come yet; who talks, ends by the call itself."""
        session.ending = why
        if session.room is not None and not session.talks:
            self._tasks.spawn(session.room.leg.hang_up())

    async def _may_go_on(self, session: _Session) -> bool:
        db, began_with = self._box.db, session.key
        if session.agent is not None:
            agent = await agents.get(db, session.org_id, session.agent.id)
            if agent is None or not (began_with is None or agent.widget_enabled):
                return False
        if began_with is None:
            return True
        key = await publishable_keys.get(db, session.org_id, began_with.id)
        if key is None or not key.is_active or not key.is_enabled or key.key != began_with.key:
            return False
        return not session.origin or origins.lets_in(key.allowed_domains, session.origin)


def _reachable(agent: Agent | None, key: PublishableKey) -> Agent:
    """The agent of a key, if visitors may reach it. Raises NotFoundError, ForbiddenError."""
    if agent is None:
        raise NotFoundError(
            f"The key {key.key[: publishable_keys.PREFIX_LENGTH]}… has no agent any more. Give it "
            f"one with PATCH /v1/publishable-key/{key.id}.",
            code=UNAVAILABLE,
        )
    if not agent.widget_enabled:
        raise ForbiddenError(
            f"Agent {agent.id} may not be reached from web pages. Set its widget_enabled to true "
            f"with PATCH /v1/agents/{agent.id}.",
            code=UNAVAILABLE,
        )
    return agent
