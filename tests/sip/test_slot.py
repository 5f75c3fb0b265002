"""The rings that box and line card share: every byte is heard or thrown away, never both."""

from __future__ import annotations

import os
import random
import threading

import pytest

from thunderbox.errors import LegError
from thunderbox.sip import slot as slot_module
from thunderbox.sip.ring import PLAYOUT_BYTES, TICKS
from thunderbox.sip.slot import SharedMemory, SlotPlayout, SlotTicks
from thunderbox.voice.leg import FRAME_BYTES, SILENCE, Tick


def both_sides() -> tuple[SharedMemory, SharedMemory]:
    """The same memory as the box and as the card have it."""
    box = SharedMemory.create()
    return box, SharedMemory.attach([os.dup(one) for one in box.descriptors])


def test_what_the_box_puts_the_card_takes_frame_by_frame() -> None:
    box, card = both_sides()
    ours, theirs = SlotPlayout(box.slots[3]), SlotPlayout(card.slots[3])
    sound = random.Random(1).randbytes(2 * FRAME_BYTES + 100)
    ours.put(sound[:900])
    ours.put(sound[900:])
    assert ours.queued == len(sound)
    assert [theirs.take(), theirs.take()] == [sound[:FRAME_BYTES], sound[FRAME_BYTES:1280]]
    assert ours.queued == 100
    assert (theirs.take(), theirs.take()) == (sound[1280:], b"")
    assert SlotPlayout(card.slots[2]).take() == b""


def test_the_ring_goes_round() -> None:
    box, card = both_sides()
    ours, theirs = SlotPlayout(box.slots[0]), SlotPlayout(card.slots[0])
    block = random.Random(2).randbytes(PLAYOUT_BYTES // 2 - 302)
    for _ in range(5):
        ours.put(block)
        taken = b""
        while frame := theirs.take():
            taken += frame
        assert taken == block


def test_too_much_and_half_samples_are_refused() -> None:
    box, _ = both_sides()
    ours = SlotPlayout(box.slots[0])
    ours.put(bytes(PLAYOUT_BYTES))
    with pytest.raises(LegError, match="30 s"):
        ours.put(bytes(2))
    assert ours.flush() == PLAYOUT_BYTES
    with pytest.raises(LegError, match="whole"):
        ours.put(bytes(3))


def test_nothing_is_thrown_away_while_the_card_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slot_module, "FLUSH_SECONDS", 0.0)
    box, card = both_sides()
    ours = SlotPlayout(box.slots[0])
    ours.put(SILENCE)
    assert card.slots[0].held()
    assert (ours.flush(), ours.queued) == (0, FRAME_BYTES)
    card.slots[0].let_go()
    assert (ours.flush(), ours.queued) == (FRAME_BYTES, 0)


def test_nothing_is_played_while_it_is_thrown_away() -> None:
    box, card = both_sides()
    SlotPlayout(box.slots[0]).put(SILENCE)
    assert box.slots[0].held()
    assert SlotPlayout(card.slots[0]).take() == b""


def test_every_byte_is_either_taken_or_flushed() -> None:
    box, card = both_sides()
    ours, theirs = SlotPlayout(box.slots[0]), SlotPlayout(card.slots[0])
    taken: list[bytes] = []
    done = threading.Event()

    def play() -> None:
        while not done.is_set():
            taken.append(theirs.take())

    player = threading.Thread(target=play)
    player.start()
    chance, put, thrown = random.Random(3), 0, 0
    for number in range(3000):
        sound = bytes([number % 251]) * 2 * chance.randrange(1, 800)
        ours.put(sound)
        put += len(sound)
        if chance.random() < 0.5:
            thrown += ours.flush()
    thrown += ours.flush()
    done.set()
    player.join(5)
    assert sum(map(len, taken)) + thrown == put
    assert ours.queued == 0


def test_ticks_arrive_in_order_and_wake_the_box() -> None:
    box, card = both_sides()
    ours, theirs = SlotTicks(box.slots[1]), SlotTicks(card.slots[1])
    ticks = [Tick(bytes([n]) * FRAME_BYTES, bytes([n + 1]) * FRAME_BYTES, n) for n in range(5)]
    for tick in ticks:
        theirs.put(tick)
    assert os.eventfd_read(box.wake) == 5
    assert list(ours.drain()) == ticks
    assert list(ours.drain()) == []


def test_ticks_that_nobody_reads_are_counted_and_dropped() -> None:
    box, card = both_sides()
    ours, theirs = SlotTicks(box.slots[1]), SlotTicks(card.slots[1])
    for number in range(TICKS + 3):
        theirs.put(Tick(SILENCE, SILENCE, number))
    assert (len(list(ours.drain())), ours.lost) == (TICKS, 3)
    theirs.closed = True
    theirs.put(Tick(SILENCE, SILENCE, 0))
    assert list(ours.drain()) == []


def test_a_slot_begins_anew_with_the_next_call() -> None:
    box, card = both_sides()
    ours = SlotPlayout(box.slots[0])
    ours.put(SILENCE)
    SlotTicks(card.slots[0]).put(Tick(SILENCE, SILENCE, 0))
    card.slots[0].reset()
    assert ours.queued == 0
    assert list(SlotTicks(box.slots[0]).drain()) == []
