"""Jitter: packets of a voice come late, twice, in any order or never; sound is due every 20 ms.

The buffer holds what came early until it is due. How long that is follows what the network does:
`target_ms`, from the packets of the last seconds. Time is stretched only for what is late, never
for what is lost; where the delay has grown beyond the target, `excess_ms` says by how much, and
whoever plays the sound shortens it. The buffer keeps no time: arrivals and pulls bring theirs, in
milliseconds of one clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

RTP_PER_MS = 48
FRAME_MS = 20
FRAME = FRAME_MS * RTP_PER_MS
STEP = FRAME // 8
"""The codec's shortest frame, 2.5 ms."""

START_MS = 40
"""Also the least where packets are lost: the one after a lost one is there in time with it."""
SHORTEST_MS = 20
LONGEST_MS = 200
MARGIN_MS = 10
"""Beyond the delay that was measured; also how exactly a start can hit the target."""
WINDOW = 250
"""Packets whose delay counts: 5 s of a voice."""
FEW = 25
"""Packets, half a second, before which nothing is concluded."""
LATE_SHARE = 50
"""One packet in so many may be later than the target: it is made up."""
MEASURE_EVERY = 10
TOGETHER_MS = 2
"""Packets that come so soon after one another were held up together."""

HOLD_MS = 400
"""How long the place of a voice that stopped without a word is kept."""
RESTART_MS = 1000
"""A step of the timestamp against the clock that no network makes."""
RESTART_PACKETS = 3000
PACKETS = 100
COMFORT_BYTES = 2
"""Packets up to this size are the last of a voice that falls silent (DTX)."""


@dataclass(frozen=True, slots=True)
class Play:
    """Decode this packet."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Conceal:
    """Make up so much sound; the packet after the lost one, where it is there, may hold it."""

    duration: int = FRAME
    """In ticks of the timestamp, a multiple of the codec's 2.5 ms."""
    following: bytes = b""


@dataclass(frozen=True, slots=True)
class _Packet:
    timestamp: int
    duration: int
    payload: bytes


class JitterBuffer:
    """Orders the packets of one voice and says what to play."""

    def __init__(self) -> None:
        self.received = 0
        self.lost = 0
        """Packets that were made up because they had not come in time."""
        self.late = 0
        """Packets that came after that."""
        self.target_ms = float(START_MS)
        self.excess_ms = 0.0
        """By how much the delay was longer than the target at the last pull."""
        self._packets: dict[int, _Packet] = {}
        self._newest: tuple[int, int] | None = None
        """Number and timestamp of the newest packet, counted on over their wraps."""
        self._under_way: deque[float] = deque(maxlen=WINDOW)
        """Arrival less timestamp in ms: how long packets were under way, plus a constant."""
        self._leading: deque[float] = deque(maxlen=WINDOW)
        """The same of packets that did not come together with one before: a stall counts once."""
        self._arrived_ms = 0.0
        self._quickest = 0.0
        self._measured = 0
        self._lost_at = -WINDOW
        """How many packets had been measured when the last was missing."""
        self._late_in_a_row = 0
        self._next: int | None = None
        """Number after the last that was played; None before the first."""
        self._playing = False
        self._position = 0
        """Timestamp of what is to be played next."""
        self._held_ms = 0
        self._comfort = False

    def push(
        self,
        sequence: int,
        timestamp: int,
        payload: bytes,
        arrival_ms: float,
        duration: int = FRAME,
    ) -> None:
        """Take a packet off the network: 16 bits of sequence number, 32 of timestamp (48 kHz)."""
        if not payload or duration <= 0:
            return
        number, stamp = self._counted_on(sequence, timestamp)
        under_way = arrival_ms - stamp / RTP_PER_MS
        if self._newest is not None and (
            not -PACKETS <= number - self._newest[0] <= RESTART_PACKETS
            or abs(under_way - self._under_way[-1]) > RESTART_MS
        ):
            self.restart()
            number, stamp = sequence, timestamp
            under_way = arrival_ms - stamp / RTP_PER_MS
        if self._newest is None or number > self._newest[0]:
            self._newest = number, stamp
        self._measure(under_way, arrival_ms)
        if self._next is not None and number < self._next:
            self.late += 1
            self._late_in_a_row += 1
            if self._late_in_a_row == FEW:
                self.restart()  # no network does that: the sender counts anew
            return
        self._late_in_a_row = 0
        if number in self._packets:
            return
        self.received += 1
        self._packets[number] = _Packet(stamp, duration, payload)
        if len(self._packets) > PACKETS:
            self._drop_oldest()

    def pull(self, now_ms: float) -> Play | Conceal | None:
        """What to play at `now_ms`; None while the voice is silent or has not begun."""
        self.excess_ms = 0.0
        if not self._playing and not self._begin(now_ms):
            return None
        self.excess_ms = self._delay_ms(self._position, now_ms) - self.target_ms
        self._leave_out_made_up()
        if not self._packets:
            return self._starve()
        number = min(self._packets)
        packet = self._packets[number]
        if packet.timestamp < self._position + STEP:
            return self._play(number)
        if number == self._next:
            # Its number follows, its time does not: the voice was silent in between.
            self._playing = False
            return self._play(self._next) if self._begin(now_ms) else None
        if self.excess_ms < -MARGIN_MS:
            return self._hold()
        return self._make_up(number, packet)

    def restart(self) -> None:
        """Forget all but the counts: another voice comes."""
        self._packets.clear()
        self._under_way.clear()
        self._leading.clear()
        self._newest = None
        self._measured = 0
        self._lost_at = -WINDOW
        self._late_in_a_row = 0
        self._next = None
        self._playing = False
        self._held_ms = 0
        self._comfort = False
        self.target_ms = float(START_MS)

    def _counted_on(self, sequence: int, timestamp: int) -> tuple[int, int]:
        """Number and timestamp without their wraps."""
        if self._newest is None:
            return sequence, timestamp
        number, stamp = self._newest
        number += ((sequence - number + 0x8000) & 0xFFFF) - 0x8000
        stamp += ((timestamp - stamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        return number, stamp

    def _measure(self, under_way: float, arrival_ms: float) -> None:
        """Follow the quickest packet, and how far behind it the others are."""
        if not self._leading or arrival_ms - self._arrived_ms > TOGETHER_MS:
            self._leading.append(under_way)
        self._arrived_ms = arrival_ms
        if not self._under_way or under_way < self._quickest:
            self._quickest = under_way
        self._under_way.append(under_way)
        self._measured += 1
        if self._measured % MEASURE_EVERY:
            return
        self._quickest = min(self._under_way)
        ordered = sorted(self._leading)
        latest = ordered[-1 - len(ordered) // LATE_SHARE] - self._quickest + MARGIN_MS
        steady = len(ordered) >= FEW and self._measured - self._lost_at > WINDOW
        shortest = SHORTEST_MS if steady else START_MS
        self.target_ms = min(max(latest, shortest), LONGEST_MS)

    def _delay_ms(self, timestamp: int, now_ms: float) -> float:
        """How long after the quickest way through the network a timestamp is played now."""
        return now_ms - timestamp / RTP_PER_MS - self._quickest

    def _begin(self, now_ms: float) -> bool:
        """Start with the oldest packet once it is due; what is far too old is left out."""
        just_came = now_ms - self._arrived_ms < LONGEST_MS
        while self._packets:
            number = min(self._packets)
            delay = self._delay_ms(self._packets[number].timestamp, now_ms)
            if delay < self.target_ms - MARGIN_MS:
                return False
            if delay <= self.target_ms + LONGEST_MS:
                self._playing = True
                self._next = number
                self._position = self._packets[number].timestamp
                self._held_ms = 0
                return True
            if len(self._packets) == 1 and just_came:
                just_came = False
                self._measure_anew()
            else:
                self._drop_oldest()
        return False

    def _measure_anew(self) -> None:
        """Forget how quick the network was: even what came just now seems far too old.

        A sender whose timestamps stood still while it was mute does so, and one whose way has
        become much longer.
        """
        latest = self._under_way[-1]
        self._under_way.clear()
        self._leading.clear()
        self._under_way.append(latest)
        self._quickest = latest

    def _play(self, number: int) -> Play:
        packet = self._packets.pop(number)
        self._next = number + 1
        self._position = packet.timestamp + packet.duration
        self._held_ms = 0
        self._comfort = len(packet.payload) <= COMFORT_BYTES
        return Play(packet.payload)

    def _starve(self) -> Conceal | None:
        """Nothing is there: keep the place of a voice that speaks, not of one that fell silent."""
        if self._comfort or self._held_ms >= HOLD_MS:
            self._playing = False
            return None
        return self._hold()

    def _hold(self) -> Conceal:
        """Wait for what is late; the delay grows by as much."""
        self._held_ms += FRAME_MS
        return Conceal()

    def _make_up(self, number: int, packet: _Packet) -> Play | Conceal:
        """Go on to the packet after a gap; what was waited there already is a part of it.

        Where the voice is far behind, the gap is left out.
        """
        gap = packet.timestamp - self._position
        waited = min(gap, self._held_ms * RTP_PER_MS)
        self._position += waited
        self._held_ms -= waited // RTP_PER_MS
        gap -= waited
        if gap < STEP or self.excess_ms > LONGEST_MS:
            self._count_lost(number)
            return self._play(number)
        if gap <= packet.duration:
            self._count_lost(number)
            self._next = number
            self._position += gap
            return Conceal(gap // STEP * STEP, packet.payload)
        self._position += FRAME
        return Conceal()

    def _leave_out_made_up(self) -> None:
        """Forget packets that came when all of their sound had been made up."""
        while self._packets:
            number = min(self._packets)
            packet = self._packets[number]
            if packet.timestamp + packet.duration > self._position:
                return
            self.late += 1
            self._count_lost(number + 1)
            self._next = number + 1
            del self._packets[number]

    def _count_lost(self, number: int) -> None:
        assert self._next is not None
        self.lost += number - self._next
        self._lost_at = self._measured

    def _drop_oldest(self) -> None:
        number = min(self._packets)
        packet = self._packets.pop(number)
        self._next = number + 1
        self._position = packet.timestamp + packet.duration
