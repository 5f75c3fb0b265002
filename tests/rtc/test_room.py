"""Rooms: who may join when, what happens to a client that goes away, and how a room ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from livekit.protocol import models

from thunderbox.calls.ports import Ticket
from thunderbox.errors import UnauthorizedError
from thunderbox.rtc.dialects import Dialect, JoinAttempt
from thunderbox.rtc.messages import Cast, Visitor
from thunderbox.rtc.room import Parting, Room
from thunderbox.rtc.tokens import Grant
from thunderbox.voice.leg import Digit

GRANT = Grant("mic-1", "visitor", "token-1", False, 0)
SOON = 0.01
NEVER = 60.0


class Session:
    """A connection that ends when the test says so."""

    def __init__(self, cast: Cast) -> None:
        self.visitor = Visitor(cast)
        self.close_code = 0
        self.reasons: list[models.DisconnectReason] = []
        self.told: list[object] = []
        self.finished = False
        self.hears_ms: int | None = None
        self._over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def run(self) -> bool:
        return await self._over

    async def finish(self) -> None:
        self.finished = True

    def fails(self) -> None:
        self._over.set_exception(RuntimeError("a bug"))

    def ends(self, *, left: bool = False, code: int = 1006) -> None:
        self.close_code = code
        if not self._over.done():
            self._over.set_result(left)

    async def close(self, reason: models.DisconnectReason) -> None:
        self.reasons.append(reason)
        self.ends()

    def send_response(self, response: object) -> None:
        self.told.append(response)


class Bench:
    """A room and everything that it reports."""

    def __init__(self, *, join_s: float = NEVER, rejoin_s: float = NEVER) -> None:
        self.cast = Cast("mic-1", "Agent", "visitor", hidden=False)
        self.room = Room(
            Ticket("mic-1", "token"),
            GRANT,
            self.cast,
            join_seconds=join_s,
            rejoin_seconds=rejoin_s,
        )
        self.told: list[object] = []
        self.room.on_hears = lambda session: self.told.append("hears")
        self.room.on_away = lambda: self.told.append("away")
        self.room.on_event = self.told.append
        self.room.on_parted = self.told.append
        self.room.on_closed = lambda room: self.told.append("closed")
        self.tasks: list[asyncio.Task[None]] = []

    async def enters(self, *, hears: bool = True) -> Session:
        session = Session(self.cast)
        self.tasks.append(asyncio.create_task(self.room.enter(session)))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        if hears:
            session.hears_ms = 100
            self.room.hears(session)  # type: ignore[arg-type]
        return session

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(2):
            while not what():
                await asyncio.sleep(0.001)

    async def settle(self) -> None:
        async with asyncio.timeout(2):
            await asyncio.gather(*self.tasks)


def resuming(sid: str) -> JoinAttempt:
    return JoinAttempt(Dialect.V1, "JS", resumes=True, participant_sid=sid)


JOINING = JoinAttempt(Dialect.V1, "JS")


async def test_a_client_that_leaves_ends_the_room() -> None:
    bench = Bench()
    (await bench.enters()).ends(left=True)
    await bench.settle()
    assert bench.told == ["hears", "closed", Parting.LEFT]


async def test_nobody_comes() -> None:
    bench = Bench(join_s=SOON)
    await bench.until(lambda: bench.room.over)
    assert bench.told == ["closed", Parting.NEVER_CAME]


async def test_a_connection_that_fails_is_one_that_broke() -> None:
    bench = Bench()
    session = await bench.enters()
    session.fails()
    await bench.settle()
    assert bench.told == ["hears", "away"]
    assert session.finished
    await bench.room.close()


async def test_a_client_is_away_before_its_connection_is_cleared_away() -> None:
    bench = Bench()
    session = await bench.enters()
    clearing = asyncio.Event()
    session.finish = clearing.wait  # type: ignore[method-assign, assignment]
    session.ends()
    await bench.until(lambda: bench.told == ["hears", "away"])
    bench.room.check(GRANT, False, JOINING)
    again = await bench.enters()
    clearing.set()
    again.ends(left=True)
    await bench.settle()
    assert bench.told[2:] == ["hears", "closed", Parting.LEFT]


async def test_a_client_that_never_hears_ends_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thunderbox.rtc.room.HEAR_SECONDS", SOON)
    bench = Bench()
    session = await bench.enters(hears=False)
    await bench.until(lambda: bench.room.over)
    assert bench.told == ["closed", Parting.NEVER_HEARD]
    session.ends()
    await bench.settle()
    assert bench.told == ["closed", Parting.NEVER_HEARD]


async def test_a_client_that_loses_its_connection_may_come_back() -> None:
    bench = Bench()
    (await bench.enters()).ends()
    await bench.settle()
    assert bench.told == ["hears", "away"]
    bench.room.check(GRANT, True, JOINING)
    (await bench.enters()).ends(left=True)
    await bench.settle()
    assert bench.told == ["hears", "away", "hears", "closed", Parting.LEFT]


@pytest.mark.parametrize(
    ("code", "parting"),
    [(1006, Parting.VANISHED), (1000, Parting.LEFT), (1001, Parting.LEFT)],
)
async def test_a_client_that_does_not_come_back(code: int, parting: Parting) -> None:
    bench = Bench(rejoin_s=SOON)
    (await bench.enters()).ends(code=code)
    await bench.until(lambda: bench.room.over)
    assert bench.told == ["hears", "away", "closed", parting]


async def test_a_client_that_comes_back_and_never_hears_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    (await bench.enters()).ends()
    await bench.settle()
    monkeypatch.setattr("thunderbox.rtc.room.HEAR_SECONDS", SOON)
    session = await bench.enters(hears=False)
    await bench.until(lambda: bench.room.over)
    assert bench.told[-1] is Parting.VANISHED
    session.ends()


async def test_a_second_client_is_refused_while_the_first_is_there() -> None:
    bench = Bench()
    session = await bench.enters()
    with pytest.raises(UnauthorizedError, match="joined with this access token already"):
        bench.room.check(GRANT, False, JOINING)
    with pytest.raises(UnauthorizedError, match="joined with this access token already"):
        bench.room.check(GRANT, False, None)
    with pytest.raises(UnauthorizedError, match="joined with this access token already"):
        bench.room.check(GRANT, False, resuming("PA_guess"))
    session.ends(left=True)


async def test_the_first_client_proves_itself_by_its_id_and_takes_its_own_place() -> None:
    bench = Bench()
    broken = await bench.enters()
    attempt = resuming(broken.visitor.sid)
    bench.room.check(GRANT, True, attempt)
    await bench.room.free_place()
    await bench.settle()
    assert broken.reasons == [models.DisconnectReason.DUPLICATE_IDENTITY]
    bench.room.check(GRANT, True, JOINING)
    session = await bench.enters()
    assert bench.told == ["hears", "away", "hears"]
    session.ends(left=True)


async def test_a_client_whose_first_try_failed_may_try_again_at_once() -> None:
    bench = Bench()
    first = await bench.enters(hears=False)
    bench.room.check(GRANT, False, JOINING)
    second = await bench.enters()
    assert first.reasons == [models.DisconnectReason.DUPLICATE_IDENTITY]
    assert bench.room.session is second  # type: ignore[comparison-overlap]
    assert bench.told == ["hears"]
    second.ends(left=True)
    await bench.settle()
    assert bench.told == ["hears", "closed", Parting.LEFT]


async def test_a_client_that_was_refused_a_race_is_sent_away() -> None:
    bench = Bench()
    first, second = await bench.enters(), await bench.enters(hears=False)
    assert second.reasons == [models.DisconnectReason.DUPLICATE_IDENTITY]
    assert bench.room.session is first  # type: ignore[comparison-overlap]
    first.ends(left=True)


async def test_a_token_of_the_room_counts_for_its_first_join_only_while_it_is_valid() -> None:
    bench = Bench()
    bench.room.check(GRANT, False, JOINING)
    with pytest.raises(UnauthorizedError, match="has expired"):
        bench.room.check(GRANT, True, JOINING)


async def test_another_token_for_the_same_room_is_refused() -> None:
    other = Grant("mic-1", "visitor", "token-2", False, 0)
    with pytest.raises(UnauthorizedError, match="not the one of this room"):
        Bench().room.check(other, False, JOINING)


async def test_a_closed_room_takes_nobody() -> None:
    bench = Bench()
    await bench.room.close()
    with pytest.raises(UnauthorizedError, match="is over"):
        bench.room.check(GRANT, False, JOINING)
    late = await bench.enters(hears=False)
    assert late.reasons == [models.DisconnectReason.DUPLICATE_IDENTITY]
    assert bench.told == ["closed", Parting.CLOSED]


async def test_the_box_closes_a_room_with_a_reason() -> None:
    bench = Bench()
    session = await bench.enters()
    await bench.room.close()
    await bench.settle()
    assert session.reasons == [models.DisconnectReason.ROOM_DELETED]
    assert bench.told == ["hears", "closed", Parting.CLOSED]
    await bench.room.close()
    assert bench.told == ["hears", "closed", Parting.CLOSED]


async def test_only_the_connection_that_counts_is_listened_to() -> None:
    bench = Bench()
    session = await bench.enters()
    stranger = Session(bench.cast)
    bench.room.takes(stranger, Digit("1"))  # type: ignore[arg-type]
    bench.room.hears(stranger)  # type: ignore[arg-type]
    bench.room.takes(session, Digit("2"))  # type: ignore[arg-type]
    assert bench.told == ["hears", Digit("2")]
    session.ends(left=True)
